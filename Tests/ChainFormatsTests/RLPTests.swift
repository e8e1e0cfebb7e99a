import ChainFormats
import Primitives
import Testing

/// Source: Ethereum's own tests of RLP (`ethereum/tests`, `RLPTests/rlptest.json` and `invalidRLPTest.json`).
struct RLPTests {
    @Test(
        arguments: [
            ("80", .bytes([])), ("00", .bytes([0])), ("7f", .bytes([0x7F])),
            ("8180", .bytes([0x80])),
            ("83646f67", .bytes(Array("dog".utf8))), ("c0", .list([])),
            ("c88363617483646f67", .list([.bytes(Array("cat".utf8)), .bytes(Array("dog".utf8))])),
            (
                "c7c0c1c0c3c0c1c0",
                .list([.list([]), .list([.list([])]), .list([.list([]), .list([.list([])])])]),
            ),
            ("820400", .number(1024)), ("80", .number(0)),
            (
                "b838" + String(repeating: "61", count: 56),
                .bytes([UInt8](repeating: 0x61, count: 56)),
            ),
            (
                "f838" + String(repeating: "61", count: 56),
                .list([RLP](repeating: .bytes([0x61]), count: 56)),
            ),
        ] as [(String, RLP)]
    )
    func `what is written is read again`(_ text: String, _ item: RLP) throws {
        #expect(Hexadecimal.text(item.encoded) == text)
        #expect(RLP(try #require(Hexadecimal.bytes(text))) == item)
    }

    @Test(arguments: [
        "", "81", "8100", "817f", "b800", "b801ff", "b837" + String(repeating: "61", count: 55),
        "b90038" + String(repeating: "61", count: 56), "bf0f000000000000021111",
        "bfffffffffffffffff", "ffffffffffffffffff", "c1", "c20080c0", "0000", "8363", "c3c0c1",
        String(repeating: "c1", count: 20) + "c0", "f800", "fbffffffff",
    ])
    func `what is cut off, too long or written another way is not read`(_ text: String) throws {
        #expect(RLP(try #require(Hexadecimal.bytes(text))) == nil)
    }

    @Test(
        arguments: [
            ("80", 0), ("01", 1), ("820400", 1024), ("88ffffffffffffffff", .max),
            ("89010000000000000000", nil), ("00", nil), ("c0", nil), ("820001", nil),
        ] as [(String, UInt64?)]
    )
    func `a number has no leading zeros and fits`(_ text: String, _ number: UInt64?) throws {
        let bytes = try #require(Hexadecimal.bytes(text))
        #expect(RLP(bytes)?.number == number)
    }

    @Test func `a transaction that we signed is read again, with its signer, and no other`() throws
    {
        let secret = [UInt8](repeating: 7, count: 32)
        let token = try #require(EVMAddress(bytes: [UInt8](repeating: 3, count: 20)))
        let recipient = try #require(EVMAddress(bytes: [UInt8](repeating: 4, count: 20)))
        for nonce in [0, 1, 127, 128, 256, .max] as [UInt64] {
            let transaction = EVMTransaction(
                chain: 42_431,
                nonce: nonce,
                priorityFee: 1,
                highestFee: 5_000_000_000,
                gas: 60_000,
                to: token,
                data: EVMTransaction.transfer(Amount(5), to: recipient),
            )
            let signature = try #require(EVMSigner.sign(transaction.digest, with: secret))
            let raw = transaction.signed(by: signature)
            let read = SignedEVMTransaction(raw)
            #expect(read?.transaction == transaction)
            #expect(read?.signer == EVMSigner.address(ofSecret: secret))
            for end in 0..<raw.count { #expect(SignedEVMTransaction(Array(raw[..<end])) == nil) }
            #expect(SignedEVMTransaction(raw + [0]) == nil)
        }
    }
}
