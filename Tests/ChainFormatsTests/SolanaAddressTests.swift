import Testing

@testable import ChainFormats

/// Against addresses that `solders` 0.29 found.
struct SolanaAddressTests {
    @Test(arguments: [
        ("HY5mxE1nQ8xBkMPAMFfxstasSXxabSRVMSnBVTtP4mb3", false),
        ("9LQG2yGQbLppoUvY2msFUAUm9AiAgLU4fmjKYgNnhCYt", false),
        ("ASCnXBRh7JorcdruUh62Qm5XeMhsrebMsgF7KZnxGL5Y", false),
        ("A1F7jzG5HdrzKHodXMED4eKwvWHHpdqNU76GnYdjfyf2", true),
        ("4Jujh8t1hGgpGcgaMRh7GXr7BmNTT3DYyRX9GUrTWiFE", true),
        ("DVacYH7qBWMwQwduR2BmEcmGwg6JJa9dc5rF3129QNzS", false),
        ("G1ihPPCT1m9kyJyUjPJNXVorm5z74L5u2C1St6jh42tS", false),
        ("Bo8Xg46m4xs6wVHUMuq4p5pVXxnywZvAQPSXXkkuoYAx", false),
    ])
    func `a key is a point of the curve where Solana says so`(
        _ key: String,
        _ isPoint: Bool,
    ) throws {
        #expect(EdwardsCurve.isPoint(try #require(SolanaKey(key)).bytes) == isPoint)
    }

    @Test func `a sum, a difference and a product stay below the prime`() {
        let last = FieldElement(littleEndian: [0xEC] + Array(repeating: 0xFF, count: 30) + [0x7F])
        #expect(last + .one == .zero)
        #expect(.zero - .one == last)
        #expect(last * last == .one)
        #expect(last - last == .zero)
        // The prime itself, and the bit that is no number's.
        let prime = [0xED] + Array(repeating: UInt8(0xFF), count: 31)
        #expect(FieldElement(littleEndian: prime) == .zero)
    }

    @Test(arguments: [
        ("config", "G9ko998ReQinG5Cc6YT7NS7hZJucXyuxLxTXTwKEpNPH", 255),
        ("vault", "7pYngc3pXuB5G1hyLEzVDMQ9DY1Lbf1WnukYjvLQXQsb", 251),
        ("deposit", "CMFKZUN8MYwf24SzLXuLxh3uNvXKNRmUhMuXuTCF5A1L", 254),
        ("authority", "ASWyqAFMTjw9bdhqocKEADceDGnCysAN9Uf9MPxXbp7Z", 255),
        ("x", "3e5MdFtY9zs5BgRojA4KaUWm46JK6sLpZFS6BXHESkKR", 255),
    ])
    func `a program's address is the first that is no point`(
        _ seed: String,
        _ address: String,
        _ bump: UInt8,
    ) throws {
        let program = try #require(SolanaKey("BBAdcqUkg68JXNiPQ1HR1wujfZuayyK3eQTQSYAh6FSW"))
        let found = ProgramAddress.find([Array(seed.utf8)], of: program)
        #expect(found.address.description == address)
        #expect(found.bump == bump)
    }

    @Test(arguments: [
        (
            "AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "3wvJdyFnGvaMWpbq93NU91SggiVRveULUXL6iX5VZDGP",
        ),
        (
            "AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9",
            "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU",
            "H1AviagU5Y17z77v1F9qZPJ9kCbCsL4ewiZABNfGYoRs",
        ),
        (
            "9hSR6S7WPtxmTojgo6GG3k4yDPecgJY292j7xrsUGWBu",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "ASZ2TDDNJG2n42TxAezqNNzwWipykHrENDKMCoLKgzup",
        ),
        (
            "9hSR6S7WPtxmTojgo6GG3k4yDPecgJY292j7xrsUGWBu",
            "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU",
            "GzpVTWkyGGfBXRaprnrhV3JtGj3TT52z5w2CrEJsTfjm",
        ),
    ])
    func `a wallet's tokens lie in the account that every wallet finds`(
        _ owner: String,
        _ mint: String,
        _ account: String,
    ) throws {
        let found = ProgramAddress.tokenAccount(
            of: try #require(SolanaKey(owner)),
            mint: try #require(SolanaKey(mint)),
        )
        #expect(found.description == account)
    }
}
