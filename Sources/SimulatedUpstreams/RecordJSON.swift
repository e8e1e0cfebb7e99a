import NIOCore

/// The record as `GET /_simulator/requests` tells it.
enum RecordJSON {
    static func write(_ record: SimulatedRecord, to out: inout ByteBuffer) {
        let counts = record.counts
        out.writeString("{\"count\":\(counts.count),\"inflight\":\(counts.inflight)")
        out.writeString(",\"completed\":\(counts.completed),\"cancelled\":\(counts.cancelled)")
        out.writeString(",\"broken\":\(counts.broken),\"requests\":[")
        for (index, request) in record.requests.enumerated() {
            if index > 0 { out.writeStaticString(",") }
            write(request, to: &out)
        }
        out.writeStaticString("]}")
    }

    private static func write(_ request: ReceivedRequest, to out: inout ByteBuffer) {
        out.writeString("{\"id\":\(request.id),\"method\":")
        out.writeJSONString(request.method)
        out.writeStaticString(",\"path\":")
        out.writeJSONString(request.path)
        out.writeStaticString(",\"headers\":[")
        for (index, header) in request.headers.enumerated() {
            out.writeString(index > 0 ? ",[" : "[")
            out.writeJSONString(header.name)
            out.writeStaticString(",")
            out.writeJSONString(header.value)
            out.writeStaticString("]")
        }
        out.writeStaticString("],\"body\":")
        out.writeJSONString(request.bodyText)
        out.writeString(",\"status\":\(request.status.map(String.init) ?? "null"),\"sent\":")
        write(request.sent, to: &out)
        out.writeString(
            ",\"pieces\":\(request.pieces),\"outcome\":\"\(request.outcome.rawValue)\"}"
        )
    }

    private static func write(_ sent: SentTokens, to out: inout ByteBuffer) {
        out.writeString("{\"input_tokens\":\(sent.input),\"output_tokens\":\(sent.output)")
        out.writeString(",\"cache_read_tokens\":\(sent.cacheRead)")
        out.writeString(",\"cache_write_5m_tokens\":\(sent.cacheWrite5m)")
        out.writeString(",\"cache_write_1h_tokens\":\(sent.cacheWrite1h)")
        out.writeString(",\"reasoning_tokens\":\(sent.reasoning)}")
    }
}
