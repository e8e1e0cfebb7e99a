import ChainFormats
import Crypto
import Deposits
import FoundationEssentials
import GatewayTestKit
import Identity
import Primitives
import Synchronization
import Testing
import Watching
import Withdrawals

@testable import Paying

/// When a transaction of Solana's is over, by nodes that forget, lag or lie.
struct SolanaPayerTests {
    /// What a node says: how high it is, and whether its history begins before the transaction.
    private struct Word: Sendable {
        let height: Int64
        var remembers = true
    }

    private func payer(_ words: [Word]) throws -> SolanaPayer<HandNode> {
        let secret = try Curve25519.Signing.PrivateKey(
            rawRepresentation: Array(repeating: 7, count: 32)
        )
        let bytes = secret.rawRepresentation + secret.publicKey.rawRepresentation
        let key = try #require(SolanaSigningKey("\(Array(bytes))"))
        let mint = try #require(SolanaKey(bytes: Array(repeating: 9, count: 32)))
        let treasury = SolanaTreasury(chain: "base", wallet: key.wallet, mint: mint, program: nil)
        let nodes = words.map { HandNode(height: $0.height, remembers: $0.remembers) }
        return SolanaPayer(SolanaWatching(treasury, genesis: nil), nodes: nodes, key: key)
    }

    private func order() throws -> Withdrawal.Order {
        let wallet = try #require(SolanaKey(bytes: Array(repeating: 9, count: 32)))
        return .sample("w", 40, .sol, wallet: try #require(Wallet("\(wallet)")))
    }

    private func isOver(_ words: [Word], at now: Timestamp = .second(90)) async throws -> Bool {
        let (payer, order) = (try payer(words), try order())
        let signature = try #require(SolanaSignature(bytes: Array(repeating: 3, count: 64)))
        let payment = try #require(
            Withdrawal.Payment(
                transaction: "\(signature)",
                place: 1000,
                raw: [1],
                signedAt: .second(0),
            )
        )
        switch try await payer.outcome(of: payment, order, at: now)?.outcome {
        case .expired: return true
        case nil: return false
        case let other: throw RPCFailure.inconsistent("\(String(describing: other))")
        }
    }

    @Test(arguments: [
        ([Word(height: 1151)], true), ([Word(height: 1150)], false), ([Word(height: 10)], false),
        ([Word(height: 1151, remembers: false)], false),
        // The first node may say what it likes.
        ([Word(height: 9_000), Word(height: 1001)], false),
        ([Word(height: 9_000), Word(height: 1150)], false),
        ([Word(height: 9_000), Word(height: 1151)], true),
        ([Word(height: 9_000), Word(height: 1151, remembers: false)], false),
        ([Word(height: 1001), Word(height: 9_000)], false),
        ([Word(height: 9_000), Word(height: 9_000), Word(height: 1001)], false),
    ])
    private func `a transaction is over when every node says so, and none has it`(
        _ words: [Word],
        _ isOver: Bool,
    ) async throws {
        #expect(try await self.isOver(words) == isOver)
    }

    @Test(
        arguments: [
            ([Word(height: 1000)], 1150), ([Word(height: 600), Word(height: 1000)], 1150),
            ([Word(height: 1000), Word(height: 600)], 1150),
            ([Word(height: 600), Word(height: 700), Word(height: 1000)], 1150),
            // Nobody's word makes it last for ever.
            ([Word(height: 1000), Word(height: 9_000_000)], 2150),
        ] as [([Word], Int64)]
    )
    private func `no node makes a transaction's time shorter than another's height allows`(
        _ words: [Word],
        _ last: Int64,
    ) async throws {
        let signed = try await payer(words).sign(try order(), beside: [], at: .second(0))
        #expect(signed.place == last)
    }

    @Test func `no node's height says that it is over sooner than blocks can be made`() async throws
    {
        #expect(try await isOver([Word(height: 9_000)], at: .second(89)) == false)
        #expect(try await isOver([Word(height: 9_000)], at: .second(-9)) == false)
        #expect(try await isOver([Word(height: 9_000)], at: .second(90)))
    }
}

/// A node that knows of no transaction.
private final class HandNode: JSONRPC {
    private let height: Int64
    private let remembers: Bool

    init(height: Int64, remembers: Bool) {
        self.height = height
        self.remembers = remembers
    }

    func call<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [JSONParameter],
        as result: Result.Type,
    ) async throws(RPCFailure) -> Result? {
        let answer: String? =
            switch method {
            case "getSlot", "getBlockHeight": "\(height)"
            case "getSignatureStatuses": #"{"context":{"slot":\#(height)},"value":[null]}"#
            case "getLatestBlockhash":
                #"{"context":{"slot":1},"value":{"blockhash":"\#(String(repeating: "1", count: 32))","#
                    + #""lastValidBlockHeight":\#(height + 150)}}"#
            case "simulateTransaction": #"{"context":{"slot":1},"value":{"err":null,"logs":[]}}"#
            case "getFirstAvailableBlock": "1"
            case "getBlockTime": remembers ? "5" : "9000000000"
            case _: nil
            }
        do {
            return try answer.map { try JSONDecoder().decode(Result.self, from: Data($0.utf8)) }
        } catch {
            throw .malformed(method: method)
        }
    }
}
