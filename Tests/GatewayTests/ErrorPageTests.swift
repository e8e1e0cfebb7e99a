import Deposits
import Forwarding
import Foundation
import GatewayTestKit
import HTTPTypes
import Hummingbird
import Identity
import Ledger
import NIOCore
import Pricing
import Primitives
import Providers
import Testing

@testable import Gateway

/// docs/errors.md, held to the routes and to paymodel's words.
@Suite struct ErrorPageTests {
    /// The cells of the table that begins with these two.
    private func rows(_ first: String, _ second: String) throws -> [(left: String, right: String)] {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/errors.md")
        let lines = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n")
        let head = try #require(lines.firstIndex(of: "| \(first) | \(second) |"))
        return try lines[(head + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            let cells = line.split(separator: "|").map(String.init)
            try #require(cells.count == 2, "\(line)")
            return (cells[0], cells[1].trimmingCharacters(in: .whitespaces))
        }
    }

    private func words(_ cell: String) -> [String] {
        cell.matches(of: /`([^`]+)`/).map { String($0.output.1) }
    }

    private func fits(_ path: String, _ pattern: String) -> Bool {
        if pattern.hasPrefix("…") { return path.hasSuffix(pattern.dropFirst()) }
        return pattern.hasSuffix("…") ? path.hasPrefix(pattern.dropLast()) : path == pattern
    }

    private func served() -> [String] {
        let paths = Set(GatewayApplication.bare.servedRoutes().routes.map { "\($0.path)" })
        return paths.map { $0.replacing(/\{[a-z]+\}|\*\*/, with: "x") }.sorted()
    }

    private func surface(of path: String, _ header: HTTPField.Name?) -> Surface {
        var head = HTTPRequest(method: .get, scheme: "http", authority: "here", path: path)
        if let header { head.headerFields[header] = "x" }
        return Surface(Request(head: head, body: .init(buffer: ByteBuffer())))
    }

    private func surface(_ shape: String, of path: String, _ header: HTTPField.Name?) -> Surface {
        let paysItself = header == .xPayer && !path.contains("/models")
        switch shape {
        case "Anthropic's": return .dialect(.anthropic)
        case "paymodel's": return .paymodel
        case "plain": return .plain
        case "OpenAI's": return paysItself ? .paymodelChat : .dialect(.openai)
        default:
            if header == .anthropicVersion { return .dialect(.anthropic) }
            return paysItself ? .paymodelChat : .dialect(.openai)
        }
    }

    @Test(arguments: [nil, .xPayer, .anthropicVersion] as [HTTPField.Name?])
    func `the page tells the shape of each route`(_ header: HTTPField.Name?) throws {
        let rows = try rows("Routes", "Shape")
        #expect(rows.count > 3)
        let paths = served()
        #expect(paths.count > 30)
        for path in paths {
            let row =
                rows.first { words($0.left).contains { fits(path, $0) } } ?? rows[rows.count - 1]
            for path in [path, "\(path)/"] {
                #expect(
                    surface(of: path, header) == surface(row.right, of: path, header),
                    "\(path)",
                )
            }
        }
        for pattern in rows.flatMap({ words($0.left) }) {
            #expect(paths.contains { fits($0, pattern) }, "\(pattern) is no route")
        }
    }

    private static let shortage = Shortage(
        needed: Amount(2),
        available: Amount(1),
        affordableOutput: 0,
    )
    private static let settings = GatewaySettings(
        publicURL: nil,
        holds: HoldPolicy(mode: .adaptive),
    )
    private static func budget(_ spender: Spender) -> Budget {
        Budget(of: spender, .total, Amount(1))
    }

    private static let gateway: [GatewayError] = [
        .modelNotFound(),
        .insufficientFunds(
            shortage,
            Funding(nil, missing: nil, settings, at: Timestamp(microseconds: 0)),
        ),
        .limitReached(budget(.key("k", of: "c")), shortage, resetsAt: nil),
        .limitReached(budget(.customer("c")), shortage, resetsAt: nil), .modelNotAllowed,
        .paceExceeded("x", wait: .zero), .imagesNotPriced, .searchesNotPriced,
        .bodyTooLarge(limit: 1), .bodyTooSlow, .unprovenBodiesFull, .routeNotFound,
        .methodNotAllowed, .badRequest("x"), .receiptNotFound, .signInRefused(.domain),
        .transactionNotFound("x"), .transactionWithoutDeposit("x"), .withdrawalsOff,
        .withdrawalTooSmall(Amount(1)), .idempotencyConflict, .answerNotKept(nil),
        .invalidParameter("x"), .rateLimited(wait: .zero), .overloaded, .stopping, .noRateCard,
        .internalError,
    ]
    private static let requests: [RequestError] = [
        .notJSON(JSONError(.syntax, at: 0)), .missing("x"), .wrongType("x"), .outOfRange("x"),
        .unbounded("x"), .disguised("x"), .unpriced("x"),
    ]
    private static let upstreams: [ForwardingError] = [
        .unreachable, .brokenOff, .malformed, .redirected, .compressed, .tooLarge, .refusedUs,
        .timedOut, .notConfigured,
    ]
    private static let others: [any Failure] = [
        IdentityError.missingCredential, IdentityError.invalidCredential,
        IdentityError.invalidAdminKey, DepositError.depositCreditedToAnother,
    ]

    /// Every failure that paymodel's clients have a word of their own for, and what keeps its own.
    private static var failures: [any Failure] { gateway + requests + upstreams + others }

    @Test func `the page tells paymodel's word for each code`() throws {
        let rows = try rows("Code", "Paymodel's")
        var told: [String: String] = [:]
        for row in rows {
            for code in words(row.left) { told[code] = words(row.right)[0] }
        }
        #expect(told.count > 20)
        for failure in ErrorPageTests.failures {
            let word = told[failure.code] ?? failure.code.uppercased()
            let members = PaymodelError(failure, on: .paymodel).members
            #expect(members.hasPrefix("\"code\":\"\(word)\""), "\(failure.code)")
        }
        let codes = Set(ErrorPageTests.failures.map(\.code))
        #expect(Set(told.keys).subtracting(codes) == [], "these are no codes")
        let operators = PaymodelError(IdentityError.missingAdminKey, on: .paymodel).members
        #expect(operators.hasPrefix("\"code\":\"MISSING_CREDENTIAL\""))
        #expect(words(rows[0].right).last == "MISSING_CREDENTIAL")
    }
}
