import ChainFormats
import GatewayTestKit
import Identity
import Primitives
import Testing

struct SignInMessageTests {
    private static let address = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"
    private static let required = [
        "URI: https://example.com/login", "Version: 1", "Chain ID: 8453", "Nonce: 32891756abcdef",
        "Issued At: 2026-11-21T16:25:24.123Z",
    ]

    private static func message(
        domain: String = "example.com",
        account: String = "Ethereum",
        address: String = address,
        statement: [String] = [],
        fields: [String] = required,
    ) -> String {
        let opening = "\(domain) wants you to sign in with your \(account) account:"
        return ([opening, address, ""] + statement + [""] + fields).joined(separator: "\n")
    }

    @Test(arguments: [
        message(),
        message(statement: ["I accept: the terms, wants you to sign in with your hands"]),
        message(domain: "example.com:8080"),
        message(fields: required + ["Expiration Time: 2026-11-22T00:00:00Z"]),
        message(fields: required + ["Not Before: 2026-11-22T00:00:00+02:00", "Request ID: 7"]),
        message(fields: required + ["Resources:", "- ipfs://x", "- https://example.com/terms"]),
        message(account: "Solana", address: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU"),
        message(address: address.lowercased().replacing("0X", with: "0x")),
    ])
    func `a message of every form is read`(text: String) throws {
        let message = try #require(SignInMessage(text))
        #expect(message.nonce == "32891756abcdef")
        #expect(message.domain.hasPrefix("example.com"))
    }

    @Test(arguments: [
        "", "hello", message() + "\n", message() + "\nmore", message(domain: ""),
        message(account: "Bitcoin"), message(account: "Solana"), message(address: "0x12"),
        message(address: address.replacing("9d8A", with: "9d8a")),
        message(statement: ["one", "two"]),
        message(fields: Array(required.dropFirst())), message(fields: Array(required.dropLast())),
        message(fields: required.map { $0.replacing("Version: 1", with: "Version: 2") }),
        message(fields: required.map { $0.replacing("2026-11-21", with: "2026-02-30") }),
        message(fields: required + ["Expiration Time: tomorrow"]),
        message(fields: required + ["Resources: none"]),
        message(fields: required.reversed()), message().replacing("\n", with: "\r\n"),
        message(statement: [String(repeating: "a", count: 5000)]),
    ])
    func `what is not of the form is no message`(text: String) {
        #expect(SignInMessage(text) == nil)
    }

    @Test func `a message that is written is read as it was meant`() throws {
        let account = try #require(SignInMessage.Account(SignInMessageTests.address))
        var message = SignInMessage(
            domain: "127.0.0.1:4020",
            account: account,
            statement: "Sign in.",
            uri: "http://127.0.0.1:4020",
            chainID: "42431",
            nonce: "0123456789abcdef",
            issuedAt: .second(1),
            expiresAt: .second(301),
        )
        #expect(SignInMessage(message.text) == message)
        message.notBefore = .second(2)
        message.statement = nil
        #expect(SignInMessage(message.text) == message)
        #expect(
            [1, 2, 300, 301].map { message.isValid(at: .second($0)) } == [false, true, true, false]
        )
    }
}
