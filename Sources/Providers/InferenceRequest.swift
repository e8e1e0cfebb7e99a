package import NIOCore

/// An agent's request, read as far as needed, with its bytes as they came.
package struct InferenceRequest: Sendable {
    /// How many bytes a model's name may have; names are looked up, which takes long for long ones.
    package static let longestModel = 256

    package let dialect: Dialect
    /// The model as the request names it.
    package let model: String
    package let isStream: Bool
    package let shape: RequestShape
    private let body: ByteBuffer
    private let places: Places

    /// Where in the body the few things stand that we may have to change.
    struct Places: Sendable {
        /// Just behind the opening brace.
        var start = 0
        var model = 0..<0
        var limits: [Limit] = []
        var streamOptions: Range<Int>?
        var includeUsage: Range<Int>?
    }

    /// An output limit as the body states it.
    struct Limit: Hashable, Sendable {
        let field: String
        let place: Range<Int>
        /// `nil` for `null`.
        let value: Int64?
    }

    /// Checks and reads a request body.
    ///
    /// - Throws: ``RequestError``.
    package init(_ dialect: Dialect, body: ByteBuffer) throws(RequestError) {
        try self.init(dialect, body, isMetered: true)
    }

    /// Checks and reads the body of a question for its tokens, which needs no output limit and
    /// costs nothing.
    ///
    /// - Throws: ``RequestError``.
    package init(_ dialect: Dialect, countingTokensOf body: ByteBuffer) throws(RequestError) {
        try self.init(dialect, body, isMetered: false)
    }

    private init(
        _ dialect: Dialect,
        _ body: ByteBuffer,
        isMetered: Bool,
    ) throws(RequestError) {
        let reader = try body.withJSON { bytes throws(RequestError) in
            try RequestReader(dialect, bytes, isMetered: isMetered)
        }
        guard let model = reader.model, !model.isEmpty else { throw .missing("model") }
        self.dialect = dialect
        self.model = model
        isStream = reader.isStream
        shape = reader.shape
        self.body = body
        places = reader.places
    }

    /// The body that goes upstream, in one piece; see ``upstreamPieces(model:limit:limitField:)``.
    package func upstreamBody(model: String, limit: Int64?, limitField: String) -> ByteBuffer {
        upstreamPieces(model: model, limit: limit, limitField: limitField).joined()
    }

    /// The body that goes upstream: the agent's bytes, but for the model's name at the upstream,
    /// an output limit where it names none or a higher one, and the usage that billing needs from a stream.
    ///
    /// - Parameters:
    ///   - upstreamModel: the model's name at the upstream.
    ///   - limit: the output limit that must hold upstream; `nil` leaves the request's own alone.
    ///   - limitField: the name under which to send a limit where the request names none.
    /// - Returns: the edited bytes, in their order. What stays of a large body is not copied, but beyond its
    ///   first 16 MiB, where a buffer can not begin.
    package func upstreamPieces(
        model upstreamModel: String,
        limit: Int64?,
        limitField: String,
    ) -> [ByteBuffer] {
        var edits: [(Range<Int>, String)] = []
        var inserted = ""
        // By bytes: Unicode takes some names for one that no upstream does.
        if !upstreamModel.utf8.elementsEqual(model.utf8) {
            edits.append((places.model, JSONText.quoted(upstreamModel)))
        }
        if let limit {
            let stated = places.limits.filter { $0.value != nil }
            let null = places.limits.filter { $0.value == nil && $0.field == limitField }
            let edited = stated.isEmpty ? null : stated.filter { $0.value != limit }
            edits += edited.map { ($0.place, String(limit)) }
            if stated.isEmpty, null.isEmpty {
                inserted += "\(JSONText.quoted(limitField)):\(limit),"
            }
        }
        if isStream, dialect == .openai, !shape.wantsUsageChunk {
            switch (places.includeUsage, places.streamOptions) {
            case (let value?, _): edits.append((value, "true"))
            case (nil, let options?): edits.append(usageInserted(into: options))
            case (nil, nil): inserted += "\"stream_options\":{\"include_usage\":true},"
            }
        }
        if !inserted.isEmpty { edits.append((places.start..<places.start, inserted)) }
        return applying(edits)
    }

    /// An object with `include_usage` in it, or in place of `null`.
    private func usageInserted(into options: Range<Int>) -> (Range<Int>, String) {
        let bytes = body.readableBytesView.dropFirst(options.lowerBound).prefix(options.count)
        let rest = bytes.dropFirst().drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard bytes.first == UInt8(ascii: "{"), rest.first != UInt8(ascii: "}") else {
            return (options, "{\"include_usage\":true}")
        }
        let start = options.lowerBound + 1
        return (start..<start, "\"include_usage\":true,")
    }

    private func applying(_ edits: [(Range<Int>, String)]) -> [ByteBuffer] {
        var joined = JoinedPieces(
            capacity: body.readableBytes + edits.reduce(0) { $0 + $1.1.utf8.count }
        )
        var rest = body
        var passed = 0
        for (range, text) in edits.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
            if let kept = rest.readSlice(length: range.lowerBound - passed) { joined.append(kept) }
            joined.append(text)
            rest.moveReaderIndex(forwardBy: range.count)
            passed = range.upperBound
        }
        joined.append(rest)
        return joined.all()
    }
}
