import Foundation
import Metering
import NIOCore
import Pricing
import Providers
import Testing

/// A recorded stream and the usage that it states.
struct Transcript: Sendable, CustomTestStringConvertible {
    let name: String
    let dialect: Dialect
    let usage: Usage

    var testDescription: String { name }

    static let all = [
        Transcript(
            name: "openai-text",
            dialect: .openai,
            usage: Usage([.input: 86, .cacheRead: 1920, .output: 300, .request: 1]),
        ),
        Transcript(
            name: "openai-tools-reasoning",
            dialect: .openai,
            usage: Usage([.input: 81, .output: 20, .reasoning: 192, .request: 1]),
        ),
        Transcript(
            name: "anthropic-text-cache",
            dialect: .anthropic,
            usage: Usage([
                .input: 21, .cacheRead: 40000, .cacheWrite5m: 500, .cacheWrite1h: 1000, .output: 89,
                .request: 1,
            ]),
        ),
        Transcript(
            name: "anthropic-tools-search",
            dialect: .anthropic,
            usage: Usage([.input: 10682, .output: 510, .webSearch: 1, .request: 1]),
        ),
    ]

    /// The bytes, with every line end written as `lineEnd`.
    func bytes(lineEnd: String = "\n") throws -> [UInt8] {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "sse", subdirectory: "Fixtures")
        )
        let text = try String(contentsOf: url, encoding: .utf8)
        return Array(text.replacing("\n", with: lineEnd).utf8)
    }
}

/// What came out of a stream that was fed in pieces.
struct Relayed: Equatable {
    var bytes: [UInt8] = []
    var reading: UsageReading
    var hidden = 0
    var terminals = 0

    init(_ pieces: [ArraySlice<UInt8>], _ dialect: Dialect, wantsUsageChunk: Bool = true) throws {
        var parser = EventStreamParser(limit: 1 << 20)
        var reader = AnswerReader(dialect, wantsUsageChunk: wantsUsageChunk)
        var meter = UsageMeter(
            UsageMeter.Bounds(inputEstimate: 7, outputLimit: 4096, bytesPerToken: 4)
        )
        reading = meter.reading
        for piece in pieces + [[]] {
            if piece.isEmpty { parser.end() } else { parser.append(ByteBuffer(bytes: piece)) }
            while let event = try parser.next() {
                let meaning = reader.read(event, into: &meter)
                if meaning == .hide { hidden += 1 } else { bytes += event.raw.readableBytesView }
                if meaning == .terminal { terminals += 1 }
            }
        }
        bytes += parser.rest.readableBytesView
        reading = meter.reading
    }
}

/// A rate with another price for each class, so that a token in a wrong class shows in the charge.
let telling = PriceTable(
    cost: [:],
    price: [
        .input: 3_300_000, .cacheRead: 330_000, .cacheWrite5m: 4_125_000, .cacheWrite1h: 6_600_000,
        .output: 16_500_000, .reasoning: 17_000_001, .webSearch: 10_000_000_000,
    ],
)

/// Random numbers from a seed that a failure prints.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
