import Deposits
import Primitives
import Testing

struct DepositIDTests {
    private static let hash = "0x" + String(repeating: "aB", count: 32)
    private static let kept = "0x" + String(repeating: "ab", count: 32)
    private static let signature = String(repeating: "5", count: 87)

    @Test(arguments: [hash, "0X" + String(repeating: "AB", count: 32), kept])
    func `every spelling of a hash names the same deposit`(_ hash: String) throws {
        let id = try #require(DepositID(chain: "base", transaction: hash, event: 3))
        #expect(id.description == "base/\(DepositIDTests.kept)/3")
        #expect(DepositID("base/\(hash)/3") == id)
    }

    @Test func `a signature is kept as it is`() throws {
        let text = "solana-devnet/\(DepositIDTests.signature)/0"
        let id = try #require(DepositID(text))
        #expect(id.description == text && id.transaction == DepositIDTests.signature)
    }

    @Test func `the longest id has the length that is promised`() throws {
        let chain = String(repeating: "c", count: 32)
        let signature = String(repeating: "z", count: 88)
        let id = try #require(
            DepositID(chain: chain, transaction: signature, event: Int(UInt32.max))
        )
        #expect(id.description.utf8.count == DepositID.longest)
        #expect(DepositID(id.description) == id)
    }

    @Test(arguments: [
        "", "base", "base/\(kept)", "base/\(kept)/", "base/\(kept)/-1", "base/\(kept)/+1",
        "base/\(kept)/01", "base/\(kept)/4294967296", "base/\(kept)/1/", "/\(kept)/1",
        "Base/\(kept)/1", "ba se/\(kept)/1", "-base/\(kept)/1", "base-/\(kept)/1",
        "\(String(repeating: "c", count: 33))/\(kept)/1", "base/\(kept.dropFirst(2))/1",
        "base/\(kept.dropLast())/1", "base/\(kept)0/1", "base/0x\(kept.dropFirst(2).dropLast())g/1",
        "base/\(String(repeating: "5", count: 64))/1",
        "base/\(String(repeating: "5", count: 89))/1",
        "base/\(signature.dropLast())0/1", "base/\(signature.dropLast())l/1", "base/\u{301}/1",
        "base/\(signature)\u{301}/1", "base/\(signature)/1\u{0}",
    ])
    func `what names no event is no id`(_ text: String) {
        #expect(DepositID(text) == nil)
    }

    @Test func `a wallet is spelled in one way`() {
        let mixed = "0x" + String(repeating: "aB", count: 20)
        #expect(Wallet(mixed)?.description == mixed.lowercased())
        let base58 = String(repeating: "a", count: 43)
        #expect(Wallet(base58)?.description == base58)
        #expect(Wallet(DepositIDTests.kept) == nil)
        #expect(Wallet("0x" + String(repeating: "g", count: 40)) == nil)
        #expect(Wallet("") == nil)
    }

    @Test(arguments: [
        (" AB\n", "ab"), ("ab\u{e9}c\u{7}", "ab??c?"), (" \t\r\n", nil), ("", nil),
        (String(repeating: "a", count: 900), String(repeating: "a", count: 64)),
        ("a\u{0}b", "a?b"),
    ])
    func `a code is spelled as codes are, whatever somebody wrote`(
        _ text: String,
        _ code: String?,
    ) {
        #expect(DepositScene.event(code: text).code == code)
    }

    @Test(arguments: [StepActor.watcher, .operator("ann"), .operator("a/b"), .operator("")])
    func `who made a step is read as it is printed`(_ actor: StepActor) {
        #expect(StepActor("\(actor)") == actor)
    }
}
