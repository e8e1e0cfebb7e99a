import Foundation
import Metering
import NIOCore
import Providers
import Testing

/// Answers that real providers gave, read where they lie beside the checkout.
struct RecordedAnswer: Sendable, CustomTestStringConvertible {
    let path: String
    let dialect: Dialect

    var testDescription: String { path.split(separator: "/").suffix(2).joined(separator: "/") }

    static let all: [RecordedAnswer] = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(
                path: "shared/fixtures"
            )
        let files = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
        return files.sorted().compactMap { file in
            let isChat = file.contains("-chat/")
            guard isChat || file.hasPrefix("anthropic-messages/"), !file.contains("error"),
                !file.contains("transcription")
            else { return nil }
            return RecordedAnswer(
                path: root.appending(path: file).path,
                dialect: isChat ? .openai : .anthropic,
            )
        }
    }()

    /// The payloads of a stream's events, or `nil` for a whole answer.
    var payloads: [String]? {
        get throws {
            guard path.hasSuffix(".chunks.txt") else { return nil }
            return try String(contentsOfFile: path, encoding: .utf8)
                .split(whereSeparator: \.isNewline).map(String.init)
        }
    }
}

@Suite struct RecordedAnswerTests {
    @Test(arguments: RecordedAnswer.all)
    func `a recorded answer gives the usage that it states`(answer: RecordedAnswer) throws {
        let stated: [[String: Any]]
        let reading: UsageReading
        if let payloads = try answer.payloads {
            stated = payloads.compactMap { usage(in: $0) }
            let stream = payloads.map { "data: \($0)\n\n" }.joined()
            reading = try Relayed([Array(stream.utf8)[...]], answer.dialect).reading
        } else {
            let body = try String(contentsOfFile: answer.path, encoding: .utf8)
            stated = [usage(in: body)].compactMap(\.self)
            reading = try read(body, answer.dialect)
        }
        let last = stated.reduce(into: [String: Any]()) { $0.merge($1) { _, new in new } }
        try #require(!last.isEmpty)
        switch answer.dialect {
        case .openai: expectOpenAI(reading.usage, last)
        case .anthropic: expectAnthropic(reading.usage, last)
        }
    }

    private func read(_ body: String, _ dialect: Dialect) throws -> UsageReading {
        var reader = AnswerReader(dialect, wantsUsageChunk: true)
        var meter = UsageMeter(
            UsageMeter.Bounds(inputEstimate: 1, outputLimit: 1 << 40, bytesPerToken: 4)
        )
        #expect(reader.read(body: ByteBuffer(string: body), into: &meter) == .answer)
        return meter.reading
    }

    /// The `usage` of an answer, as another JSON reader finds it.
    private func usage(in json: String) -> [String: Any]? {
        let object = try? JSONSerialization.jsonObject(with: Data(json.utf8))
        let root = object as? [String: Any]
        let message = root?["message"] as? [String: Any]
        let choice = (root?["choices"] as? [[String: Any]])?.first
        let found = root?["usage"] ?? message?["usage"] ?? choice?["usage"]
        return (found as? [String: Any])?.filter { !($0.value is NSNull) }
    }

    private func expectOpenAI(_ usage: Usage, _ stated: [String: Any]) {
        let prompt = stated.count("prompt_tokens")
        let completion = stated.count("completion_tokens")
        let total = stated.count("total_tokens")
        let details = stated["completion_tokens_details"] as? [String: Any] ?? [:]
        let isApart = total > prompt + completion
        #expect(usage.inputTokens == prompt)
        #expect(
            usage.outputTokens == completion + (isApart ? details.count("reasoning_tokens") : 0)
        )
        let cached = stated["prompt_tokens_details"] as? [String: Any] ?? [:]
        #expect(usage[.cacheRead] == cached.count("cached_tokens"))
    }

    private func expectAnthropic(_ usage: Usage, _ stated: [String: Any]) {
        let written = usage[.cacheWrite5m] + usage[.cacheWrite1h]
        #expect(usage[.input] == stated.count("input_tokens"))
        #expect(usage[.output] == stated.count("output_tokens"))
        #expect(usage[.cacheRead] == stated.count("cache_read_input_tokens"))
        #expect(written == stated.count("cache_creation_input_tokens"))
        let tools = stated["server_tool_use"] as? [String: Any] ?? [:]
        #expect(usage[.webSearch] == tools.count("web_search_requests"))
    }
}

extension [String: Any] {
    fileprivate func count(_ key: String) -> Int64 { (self[key] as? NSNumber)?.int64Value ?? 0 }
}
