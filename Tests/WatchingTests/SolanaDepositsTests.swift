import ChainFormats
import Deposits
import Primitives
import Testing

@testable import Watching

struct SolanaDepositsTests {
    private static let code = "000102030405060708090a0b0c0d0e0f"
    private static let other = "0f0e0d0c0b0a09080706050403020100"

    /// The deposits of a recorded transaction, a line each.
    private func lines(
        of transaction: LandedTransaction,
        at treasury: SolanaTreasury,
    ) throws -> [String] {
        let known = try RecordedTransaction.addresses()
        let names = [known.user: "user", known.friend: "friend", known.treasury: "treasury"]
        return SolanaDeposits.events(in: transaction, at: treasury).map { event, deposit in
            let sender = deposit.sender.map { names["\($0)"] ?? "\($0)" } ?? "nobody"
            let code = [Self.code: "code", Self.other: "other"][deposit.code ?? ""] ?? deposit.code
            return "\(event >> 16).\(event & 0xFFFF) \(deposit.amount) \(deposit.asset.rawValue) "
                + "\(sender) \(code ?? "-")"
        }
    }

    @Test(arguments: [
        ("program", ["0.1 5000000 usdc user code"]),
        ("program-sol", ["0.1 2000000000 sol user code"]),
        ("program-twice", ["0.1 1000000 usdc user code", "1.1 2000000 usdc user other"]),
        // A reference is a surer word than a memo.
        ("reference", ["1.0 1250000 usdc user code"]),
        ("reference-sol", ["0.0 7 sol user code"]),
        ("memo", ["1.0 3000000 usdc user code"]),
        ("memo-behind", ["0.0 3000000 usdc user code"]),
        ("memo-sol", ["1.0 5000000 sol user code"]),
        // Each memo is of the transfer behind it.
        ("memos", ["1.0 1 usdc user code", "3.0 2 usdc user other", "4.0 3 usdc user -"]),
        ("one-memo-two-transfers", ["1.0 1 usdc user code", "2.0 2 usdc user code"]),
        ("plain", ["0.0 4000000 usdc user -"]),
        ("plain-sol", ["0.0 1000000 sol user -"]),
        ("two-senders", ["0.0 10 usdc user -", "1.0 20 usdc friend -"]),
        ("wrong-mint", []),
        ("wrong-treasury", []),
        ("failed", []),
        ("in-and-out", ["1.0 100 usdc user code"]),
        ("treasury-pays-the-fee", ["1.0 1000 sol user code"]),
        ("treasury-to-itself", []),
        ("table", ["1.0 11 usdc user code"]),
    ])
    func `a transaction holds exactly the deposits that were made with it`(
        _ name: String,
        _ expected: [String],
    ) throws {
        let transaction = try RecordedTransaction.named(name)
        #expect(try lines(of: transaction, at: RecordedTransaction.treasury()) == expected)
    }

    @Test(arguments: ["program", "program-sol", "memo", "plain-sol"])
    func `what has failed is no deposit, whatever its balances say`(_ name: String) throws {
        let transaction = try RecordedTransaction.named(
            name,
            replacing: "\"err\": null",
            with: #""err": {"InstructionError": [0, "Custom"]}"#,
        )
        #expect(try lines(of: transaction, at: RecordedTransaction.treasury()).isEmpty)
    }

    @Test func `without the deposit program its call is an ordinary transfer`() throws {
        let transaction = try RecordedTransaction.named("program")
        let treasury = try RecordedTransaction.treasury(hasProgram: false)
        #expect(try lines(of: transaction, at: treasury) == ["0.1 5000000 usdc user -"])
    }

    @Test func `what goes to another treasury, or is of another mint, is no deposit`() throws {
        let known = try RecordedTransaction.addresses()
        for name in ["program", "program-sol", "memo", "memo-sol", "table"] {
            let transaction = try RecordedTransaction.named(name)
            let friends = try RecordedTransaction.treasury(wallet: known.friend)
            #expect(try lines(of: transaction, at: friends).isEmpty, "\(name)")
        }
        let transaction = try RecordedTransaction.named("memo")
        let mint = try RecordedTransaction.treasury(
            mint: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
        )
        #expect(try lines(of: transaction, at: mint).isEmpty)
    }

    /// A node that lies, or a way of moving money that we do not know.
    @Test func `what the balance shows otherwise than the instruction waits for an operator`()
        throws
    {
        let balance = try RecordedTransaction.named(
            "plain",
            replacing: "\"amount\": \"\(try arrived("plain"))\"",
            with: "\"amount\": \"\(try arrived("plain") - 1)\"",
        )
        let less = try lines(of: balance, at: RecordedTransaction.treasury())
        #expect(less == ["65535.65534 3999999 usdc nobody -"])
        let more = try RecordedTransaction.named(
            "plain",
            replacing: "\"amount\": \"\(try arrived("plain"))\"",
            with: "\"amount\": \"\(try arrived("plain") + 5)\"",
        )
        #expect(
            try lines(of: more, at: RecordedTransaction.treasury())
                == ["0.0 4000000 usdc user -", "65535.65534 5 usdc nobody -"]
        )
    }

    /// What the treasury had after a recorded transaction.
    private func arrived(_ name: String) throws -> UInt64 {
        let treasury = try RecordedTransaction.treasury()
        let transaction = try RecordedTransaction.named(name)
        let change = try #require(transaction.changes[treasury.tokenAccount])
        return try #require(change.tokensAfter).amount
    }

    @Test(arguments: [
        ("\"preBalances\": [", "\"preBalances\": [1,"),
        ("\"base64\"", "\"base58\""),
        ("\"innerInstructions\": [", "\"outerInstructions\": ["),
        ("\"programIdIndex\": ", "\"programIdIndex\": 9"),
        ("\"fee\": ", "\"fee\": -"),
        ("\"uiTokenAmount\"", "\"tokenAmount\""),
    ])
    func `an answer that can not be true is not read at all`(_ old: String, _ new: String) {
        #expect(throws: (any Error).self) {
            try RecordedTransaction.named("program", replacing: old, with: new)
        }
    }

    @Test func `a reference says its code, and no other account says one`() throws {
        let key = try #require(DepositReference.key(ofCode: Self.code))
        #expect(DepositReference.code(in: key) == Self.code)
        #expect(DepositReference.code(in: .system) == nil)
        #expect(DepositReference.key(ofCode: "000102") == nil)
        #expect(DepositReference.key(ofCode: String(repeating: "z", count: 32)) == nil)
    }
}
