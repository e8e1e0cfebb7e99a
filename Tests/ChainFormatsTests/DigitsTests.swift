import Primitives
import Testing

@testable import ChainFormats

struct DigitsTests {
    /// Against `eth_hash`; 135 to 137 bytes are where the sponge is full.
    @Test(arguments: [
        ("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        ("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (
            String(repeating: "a", count: 135),
            "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446",
        ),
        (
            String(repeating: "a", count: 136),
            "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e",
        ),
        (
            String(repeating: "a", count: 137),
            "d869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39",
        ),
        (
            String(repeating: "x", count: 1000),
            "fa0c9183d89d2dfac84b8da9a1e6a3b1835482f27fd1f4842ad312cc25385d28",
        ),
    ])
    func `Keccak-256 is Ethereum's, at every fill of the sponge`(_ text: String, _ digest: String) {
        #expect(Hexadecimal.text(Keccak256.digest(of: text.utf8)) == digest)
    }

    @Test(
        arguments: [
            ([], ""), ([0], "1"), ([0, 0, 1], "112"), ([57], "z"), ([58], "21"),
            ([255, 255], "LUv"),
            (Array("Hello World!".utf8), "2NEpo7TZRRrLZSi2U"),
        ] as [([UInt8], String)]
    )
    func `Base58 is written and read back`(_ bytes: [UInt8], _ text: String) {
        #expect(Base58.text(bytes) == text)
        #expect(Base58.bytes(text, count: bytes.count) == bytes)
        #expect(Base58.bytes(text, count: bytes.count + 1) == nil)
        #expect(Base58.bytes("1" + text, count: bytes.count) == nil)
    }

    @Test(arguments: ["0", "O", "I", "l", "é", "2NEpo7TZRRrLZSi2U ", "+"])
    func `what is no digit of Base58 is refused`(_ text: String) {
        for count in 0..<20 { #expect(Base58.bytes(text, count: count) == nil) }
    }

    @Test(
        arguments: [
            ("0x0", 0), ("0x1", 1), ("0xfF", 255), ("0xffffffffffffffff", UInt64.max), ("0x", nil),
            ("0x00", nil), ("0x01", nil), ("1", nil), ("0x10000000000000000", nil), ("0x+1", nil),
            ("0x-1", nil), ("0xg", nil), ("0x\u{FF11}", nil), ("", nil), ("0X1", nil),
        ] as [(String, UInt64?)]
    )
    func `a quantity has no leading zero and no more than 64 bits`(
        _ text: String,
        _ value: UInt64?,
    ) {
        #expect(EVMHex.quantity(text) == value)
        if let value { #expect(EVMHex.quantity(EVMHex.text(quantity: value)) == value) }
    }

    /// The examples of ERC-55.
    @Test(arguments: [
        "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ])
    func `an address carries the checksum of ERC-55, and a mistyped one is none`(
        _ text: String
    ) throws {
        let address = try #require(EVMAddress(text))
        #expect(address.checksummed == text)
        #expect(address.description == text.lowercased())
        #expect(EVMAddress(text.lowercased()) == address)
        #expect(EVMAddress("0x" + text.dropFirst(2).uppercased()) == address)
        let mistyped =
            text.contains("F") ? text.replacing("F", with: "f", maxReplacements: 1) : nil
        if let mistyped, mistyped != mistyped.lowercased() { #expect(EVMAddress(mistyped) == nil) }
        #expect(EVMAddress(text.dropLast()) == nil)
        #expect(EVMAddress(text.dropFirst(2)) == nil)
        #expect(EVMAddress(text + "0") == nil)
    }

    @Test func `a word holds an address or an amount, and says when it holds neither`() throws {
        let address = try #require(EVMAddress("0xde709f2102306220921060314715629080e2fb77"))
        #expect(EVMWord(address).address == address)
        #expect(EVMWord(Amount(Int64.max)).amount == Amount(Int64.max))
        #expect(EVMWord(Amount(0)).amount == .zero)
        var tooLarge = EVMWord(Amount(1)).bytes
        tooLarge[24] = 0x80
        #expect(EVMWord(bytes: tooLarge)?.amount == nil)
        tooLarge[24] = 0
        tooLarge[23] = 1
        #expect(EVMWord(bytes: tooLarge)?.amount == nil)
        tooLarge[11] = 1
        #expect(EVMWord(bytes: tooLarge)?.address == nil)
        #expect(
            EVMWord(signature: "Transfer(address,address,uint256)").description
                == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
        )
    }

    /// The examples of Ethereum's documents.
    @Test(arguments: [
        (RLP.bytes(Array("dog".utf8)), "83646f67"),
        (.list([.bytes(Array("cat".utf8)), .bytes(Array("dog".utf8))]), "c88363617483646f67"),
        (.bytes([]), "80"), (.list([]), "c0"), (.number(0), "80"), (.bytes([0]), "00"),
        (.number(15), "0f"), (.number(1024), "820400"), (.number(127), "7f"),
        (.number(128), "8180"),
        (
            .list([.list([]), .list([.list([])]), .list([.list([]), .list([.list([])])])]),
            "c7c0c1c0c3c0c1c0",
        ),
        (
            .bytes(Array("Lorem ipsum dolor sit amet, consectetur adipisicing elit".utf8)),
            "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974",
        ),
    ])
    func `RLP is written as Ethereum's documents say`(_ item: RLP, _ hexadecimal: String) {
        #expect(Hexadecimal.text(item.encoded) == hexadecimal)
    }

    /// Against `eth_account`, signed by the key of 32 ones.
    @Test func `a transaction is written as wallets write it`() throws {
        let token = try #require(EVMAddress("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"))
        let recipient = try #require(EVMAddress(bytes: Array(repeating: 0x11, count: 20)))
        let transaction = EVMTransaction(
            chain: 8453,
            nonce: 3,
            priorityFee: 1_000_000_000,
            highestFee: 10_000_000_000,
            gas: 65_000,
            to: token,
            data: EVMTransaction.transfer(Amount(1_000_000), to: recipient),
        )
        let written = try #require(
            Hexadecimal.bytes(
                "a551f0c858df6febb8cf0eb9647a900ef12c244653987e70ed203f6ddceb11d7"
                    + "6010623e695231fc5ff8109fe0eb686b5b2b4de375e8b8e5ded4bab4779af0b000"
            )
        )
        let signature = try #require(EVMSignature(written))
        let signed = transaction.signed(by: signature)
        #expect(
            Hexadecimal.text(signed)
                == "02f8b282210503843b9aca008502540be40082fde894833589fcd6edb6e08f4c7c32d4f71b54bda02913"
                + "80b844a9059cbb0000000000000000000000001111111111111111111111111111111111111111"
                + "00000000000000000000000000000000000000000000000000000000000f4240c080"
                + "a0a551f0c858df6febb8cf0eb9647a900ef12c244653987e70ed203f6ddceb11d7"
                + "a06010623e695231fc5ff8109fe0eb686b5b2b4de375e8b8e5ded4bab4779af0b0"
        )
        #expect(
            Hexadecimal.text(Keccak256.digest(of: signed))
                == "d24b64b4623d5178aeed0dfbcfab0b470ef6a3ed28e39b8f899b5e8744d4f0fa"
        )
    }
}
