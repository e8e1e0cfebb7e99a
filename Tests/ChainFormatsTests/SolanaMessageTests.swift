import FoundationEssentials
import Testing

@testable import ChainFormats

/// Against transactions that `solders` 0.29 wrote.
struct SolanaMessageTests {
    private static let legacy =
        "AhTaD5WyTmDkNJEly+OB1fgmDgozEgw/LoWTNEdOM0b0W7qpBy1g8jyqGW3PQGToqzP82FRDwbTVX9z9f4Z3ZQqZs2h7YxCQpYhMpumMcGkPwj4jaZibzTXs1PSQhC+7UMTe/5UemaKk1nT6TlCrouqVFwzFOTcv2yTgjXf0Z+IGAgEDBupKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIsE5j2LG0aRXxRumpLXz29L2n8qTIWIY3ImX5Ba9F9k8oCAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFAgQDAAIDBAECA/8FAgIByAF4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA=="
    private static let versioned =
        "Aeg+hAj4sfGUNVBUUpTjctc/Hnr3Gu15s5IBz/HExPMqddWMGF6F1dtwMBEl95ygg7JLCE4CFI+DbOuyXpVzyA+AAQABAupKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIsCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQEBAwACAwQBAgP/ARQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUAQABAQ=="

    private func bytes(_ base64: String) throws -> [UInt8] {
        [UInt8](try #require(Data(base64Encoded: base64)))
    }

    private func key(_ byte: UInt8) throws -> SolanaKey {
        try #require(SolanaKey(bytes: Array(repeating: byte, count: 32)))
    }

    @Test func `a transaction is read as it was made`() throws {
        let transaction = try #require(SolanaTransaction(try bytes(Self.legacy)))
        #expect(
            transaction.signatures.first?.description
                == "RBS5QGp6TjPiAhufTgFT3R7xtHGQcWZZWWiwTNcAKkp8Mr3tu9qd41QZ13yCVf9rXgcgq2VyWxayJv9devwDzG1"
        )
        let message = transaction.message
        #expect(!message.isVersioned && message.lookups.isEmpty)
        #expect(
            message.keys.map(\.description) == [
                "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB",
                "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1",
                "8qbHbw2BbbTHBW1sbeqakYXVKRQM8Ne7pLK7m6CVfeR",
                "CktRuQ2mttgRGkXJtyksdKHjUdc2C4TgDzyB98oEzy8",
                "cGfHiC6Kgg3FpFZvgwGcswsCRtp4aBP2fzuXRQPizuN",
                "gBxS1f6uyyGPuW5MzGBukidSb71jdsCb5fZaoSzULE5",
            ]
        )
        #expect((message.signers, message.readOnlySigners, message.readOnlyOthers) == (2, 1, 3))
        #expect(message.blockhash == (try key(5)))
        #expect(message.instructions.map(\.program) == [4, 5])
        #expect(message.instructions.map(\.accounts) == [[0, 2, 3], [2, 1]])
        #expect(
            message.instructions.map(\.data) == [
                [1, 2, 3, 255], Array(repeating: 120, count: 200),
            ]
        )
        #expect(transaction.encoded == (try bytes(Self.legacy)))
    }

    @Test func `the accounts of tables stand behind the message's own`() throws {
        let transaction = try #require(SolanaTransaction(try bytes(Self.versioned)))
        let message = transaction.message
        #expect(message.isVersioned)
        #expect(message.keys.count == 2 && message.accountCount == 4)
        #expect(message.lookups.map(\.table) == [try key(20)])
        #expect(message.lookups.map(\.written) == [[0]] && message.lookups.map(\.read) == [[1]])
        #expect(message.instructions.map(\.accounts) == [[0, 2, 3]])
        #expect(transaction.encoded == (try bytes(Self.versioned)))
    }

    @Test func `bytes that are missing, or too many, are no transaction`() throws {
        for text in [Self.legacy, Self.versioned] {
            let whole = try bytes(text)
            for length in 0..<whole.count {
                #expect(SolanaTransaction(Array(whole[..<length])) == nil, "\(length) bytes")
            }
            #expect(SolanaTransaction(whole + [0]) == nil)
        }
    }

    /// Whatever a byte becomes, what is read is what it says, and nothing traps.
    @Test func `what is read is written as it was, however it was changed`() throws {
        for text in [Self.legacy, Self.versioned] {
            let whole = try bytes(text)
            for place in whole.indices {
                for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                    var changed = whole
                    changed[place] = value
                    guard let transaction = SolanaTransaction(changed) else { continue }
                    #expect(transaction.encoded == changed, "\(place) is \(value)")
                }
            }
        }
    }

    @Test func `a message that we make is read as what it was made of`() throws {
        let (payer, other, program) = (try key(1), try key(2), try key(9))
        let message = try #require(
            SolanaMessage(
                [
                    SolanaInstruction(
                        program,
                        [
                            .init(other, isWritable: true), .init(payer, isSigner: true),
                            .init(try key(3), isSigner: true), .init(try key(4)),
                        ],
                        [7],
                    ),
                    // The strongest of two claims counts.
                    SolanaInstruction(.system, [.init(try key(4), isWritable: true)], []),
                ],
                payer: payer,
                blockhash: try key(5),
            )
        )
        #expect(message.keys == [payer, try key(3), other, try key(4), program, .system])
        #expect((message.signers, message.readOnlySigners, message.readOnlyOthers) == (2, 1, 2))
        #expect(message.instructions.map(\.accounts) == [[2, 0, 1, 3], [3]])
        var encoded = message.encoded[...]
        #expect(SolanaMessage(reading: &encoded) == message && encoded.isEmpty)
    }

    @Test(
        arguments: [
            (0, [0]), (127, [127]), (128, [0x80, 1]), (16_383, [0xFF, 0x7F]),
            (16_384, [0x80, 0x80, 1]), (65_535, [0xFF, 0xFF, 3]),
        ] as [(UInt16, [UInt8])]
    )
    func `a length has the shortest form`(_ length: UInt16, _ bytes: [UInt8]) {
        #expect(CompactLength.encoded(length) == bytes)
        var rest = (bytes + [9])[...]
        #expect(CompactLength.take(&rest) == Int(length) && rest == [9])
    }

    @Test(
        arguments: [
            [], [0x80], [0x80, 0], [0xFF, 0x80, 0], [0xFF, 0xFF, 4], [0xFF, 0xFF, 0xFF, 0],
        ] as [[UInt8]]
    )
    func `no other form is a length`(_ bytes: [UInt8]) {
        var rest = bytes[...]
        #expect(CompactLength.take(&rest) == nil)
    }
}
