import Metering
import NIOCore
import Providers

/// Any cutting of an answer gives the same usage, the usage is what the answer states, and an end
/// that we write ourselves is one.
///
/// The first byte of an input says whether the agent wants the usage chunk, the second sets the
/// cuts; what follows is tried as a stream and as a whole body.
struct AnswerProperty {
    private let dialect: Dialect

    init(_ dialect: Dialect) { self.dialect = dialect }

    func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard bytes.count > 2 else { return .refused }
        let (wantsUsage, answer) = (bytes[0] & 1 == 1, bytes[2...])
        let whole = StreamedAnswer(dialect, wantsUsage, Pieces.whole.cut(answer, seed: 0))
        for pieces in [Pieces.single, .random] {
            let cut = StreamedAnswer(dialect, wantsUsage, pieces.cut(answer, seed: bytes[1]))
            try demand(cut == whole, "cut \(pieces): \(cut), not \(whole)")
        }
        try demand(whole.bytes.elementsEqual(answer), "the bytes did not pass unchanged")
        try checkEnd(whole.end)
        let body = try checkBody(Array(answer), wantsUsage)
        return whole.meanings.contains { $0 != .relay } || body == .accepted ? .accepted : .refused
    }

    /// The events with which we would end the answer are whole, and their data JSON.
    private func checkEnd(_ end: ByteBuffer) throws(BrokenProperty) {
        let events = StreamedAnswer(dialect, true, [end])
        try demand(events.rest == 0, "the end is not whole: \(String(buffer: end))")
        for data in events.data {
            try demand(
                PlainJSON(data)?.isObject == true || data == Array("[DONE]".utf8),
                "the end is not JSON: \(String(buffer: end))",
            )
        }
        try demand(events.meanings.last == .terminal, "the end ends nothing")
        try demand(!events.meanings.contains(.failure), "the end is a failure")
    }

    // MARK: Bodies

    private func checkBody(
        _ answer: [UInt8],
        _ wantsUsage: Bool,
    ) throws(BrokenProperty) -> Verdict {
        var reader = AnswerReader(dialect, wantsUsageChunk: wantsUsage)
        var meter = StreamedAnswer.meter
        let meaning = reader.read(body: ByteBuffer(bytes: answer), into: &meter)
        guard let plain = PlainJSON(answer), plain.depth < JSONCursor.depthLimit else {
            return .refused
        }
        try demand((meaning != .garbage) == plain.isObject, "the body is \(meaning)")
        guard meaning == .answer, !plain.hasDuplicateKeys else { return .refused }
        let stated = StatedUsage(dialect, plain)
        try stated.check(meter.reading)
        // The stream below delivers no text that could refute what is stated.
        guard !stated.isRefuted(by: meter.reading) else { return .refused }
        let streamed = StreamedAnswer(dialect, wantsUsage, [stream(of: plain)])
        try demand(
            streamed.reading.source == meter.reading.source,
            "streamed it is \(streamed.reading.source), whole it is \(meter.reading.source)",
        )
        guard meter.reading.source == .reported else { return .refused }
        try demand(
            streamed.reading.usage == meter.reading.usage,
            "streamed it is \(streamed.reading.usage), whole it is \(meter.reading.usage)",
        )
        return .accepted
    }

    /// The stream that says what a body says.
    private func stream(of plain: PlainJSON) -> ByteBuffer {
        switch dialect {
        case .openai: return ByteBuffer(string: "data: \(plain)\n\ndata: [DONE]\n\n")
        case .anthropic:
            let usage = plain.member("usage").map { ",\"usage\":\($0)" } ?? ""
            return ByteBuffer(
                string: "data: {\"type\":\"message_start\",\"message\":\(plain)}\n\n"
                    + "data: {\"type\":\"message_delta\",\"delta\":{}\(usage)}\n\n"
                    + "data: {\"type\":\"message_stop\"}\n\n"
            )
        }
    }
}
