/// Walks a request body once, checks it on the way, and keeps what money and forwarding need.
struct RequestReader {
    /// No field that we read has a longer name.
    private static let longestField = 40

    var model: String?
    var isStream = false
    var shape = RequestShape()
    var places = InferenceRequest.Places()
    /// The top-level field that is being read.
    var field = ""
    /// The first thing that makes the request impossible to bill.
    var problem: RequestError?
    /// The data of pictures, which is not tokenised as text.
    var pictures = PictureData()
    var hasMessages = false

    /// - Parameters:
    ///   - dialect: what the request is written in.
    ///   - bytes: the whole body.
    ///   - isMetered: whether the request is billed, so that its cost must have a bound.
    /// - Throws: ``RequestError``.
    init(
        _ dialect: Dialect,
        _ bytes: UnsafeRawBufferPointer,
        isMetered: Bool,
    ) throws(RequestError) {
        do throws(JSONError) {
            places.start = (bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0) + 1
            var reader = self
            defer { self = reader }
            try JSONCheck.walk(bytes) { cursor throws(JSONError) in
                try reader.read(dialect, &cursor)
            }
        } catch {
            // Whether it is no JSON, or JSON that asks for something else, is for another walk to say.
            do throws(JSONError) { try JSONCheck.check(bytes) } catch { throw .notJSON(error) }
            throw field.isEmpty ? .wrongType("body") : .wrongType(field)
        }
        if dialect == .anthropic, isMetered, shape.outputLimit == nil {
            refuse(.missing("max_tokens"))
        }
        if let problem, isMetered || !problem.isAboutMoney { throw problem }
        guard hasMessages else { throw .missing("messages") }
        shape.textBytes = bytes.count - pictures.rawBytes
        shape.contentBytes -= pictures.contentBytes
    }

    private mutating func read(
        _ dialect: Dialect,
        _ cursor: inout JSONCursor,
    ) throws(JSONError) {
        var reader = self
        defer { self = reader }
        try cursor.object { cursor, key throws(JSONError) in
            reader.field = key.text
            let start = cursor
            switch dialect {
            case .openai: try reader.readOpenAI(key, &cursor)
            case .anthropic: try reader.readAnthropic(key, &cursor)
            }
            reader.shape.contentBytes += RequestReader.contentBytes(
                of: key,
                from: start,
                to: cursor,
            )
        }
        reader.field = ""
    }

    /// How much of a top-level field a provider probably tokenises; what we do not know is taken for
    /// input.
    private static func contentBytes(
        of key: JSONKey,
        from start: JSONCursor,
        to end: JSONCursor,
    ) -> Int {
        switch key {
        case "model", "metadata", "user", "store", "stop", "stop_sequences", "logit_bias",
            "service_tier", "thinking", "reasoning_effort", "modalities", "stream_options",
            "context_management", "provider", "prompt_cache_key", "prompt_cache_retention",
            "safety_identifier", "betas":
            0
        // The model reads their names and their schemas, written in some language.
        case "tools", "functions": end.compactPosition - start.compactPosition
        default: end.contentBytes - start.contentBytes
        }
    }

    mutating func refuse(_ error: RequestError) { problem = problem ?? error }

    // MARK: What both dialects share

    /// Passes over a member that we do not read, unless an upstream may take it for one we do.
    ///
    /// Go's parser passes over the case of letters: https://pkg.go.dev/encoding/json#Unmarshal.
    mutating func skip(
        _ key: JSONKey,
        unlessReadAs known: Set<String>,
        _ cursor: inout JSONCursor,
    ) throws(JSONError) {
        // No letter is three times as long as the one that it is taken for.
        if key.length <= 3 * RequestReader.longestField {
            let text = key.text
            // Upper case first: it makes an S of the long s, which has no lower case.
            if known.contains(text.uppercased().lowercased()) { refuse(.disguised(text)) }
        }
        try cursor.skip()
    }

    mutating func readModel(_ cursor: inout JSONCursor) throws(JSONError) {
        var copy = cursor
        places.model = try copy.skip()
        let name = try cursor.rawString()
        guard name.length <= InferenceRequest.longestModel else {
            return refuse(.outOfRange(field))
        }
        model = name.text
    }

    /// Reads a whole number that must lie within `range`; `null` is as good as absent.
    mutating func readCount(
        _ cursor: inout JSONCursor,
        in range: ClosedRange<Int64>,
    ) throws(JSONError) -> Int64? {
        if try cursor.kind() == .null {
            try cursor.null()
            return nil
        }
        let number = try cursor.number()
        guard let count = number.integer, range.contains(count) else {
            refuse(.outOfRange(field))
            return nil
        }
        return count
    }

    /// Reads an output limit and remembers where it stands, even where it is `null`: whatever goes
    /// upstream stands in its place, so that the name is not there twice.
    mutating func readLimit(_ cursor: inout JSONCursor) throws(JSONError) {
        var copy = cursor
        let place = try copy.skip()
        let value = try readCount(&cursor, in: 1...1_000_000_000)
        places.limits.append(InferenceRequest.Limit(field: field, place: place, value: value))
        guard let limit = value else { return }
        shape.outputLimit = min(limit, shape.outputLimit ?? limit)
    }

    mutating func readStream(_ cursor: inout JSONCursor) throws(JSONError) {
        if try cursor.kind() == .null { try cursor.null() } else { isStream = try cursor.bool() }
    }

    /// Refuses an option unless its value is `null` or one of `harmless`.
    mutating func allow(
        _ harmless: [String],
        _ cursor: inout JSONCursor,
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .null: try cursor.null()
        case .string:
            if !harmless.contains(try cursor.word()) { refuse(.unpriced(field)) }
        case .object, .array, .number, .bool: try cursor.skipRefusing(.unpriced(field), &self)
        }
    }

    /// Refuses an option unless it is `null`.
    mutating func refuseUnlessNull(
        _ error: RequestError,
        _ cursor: inout JSONCursor,
    ) throws(JSONError) {
        if try cursor.skipTellingWhetherNull() == false { refuse(error) }
    }

    /// Refuses an option unless it is `null` or empty.
    mutating func refuseUnlessEmpty(
        _ error: RequestError,
        _ cursor: inout JSONCursor,
    ) throws(JSONError) {
        let start = cursor
        var copy = start
        let range = try copy.skip()
        let isEmpty =
            switch try cursor.kind() {
            case .null: true
            case .array, .object, .string: range.count <= 2
            case .bool, .number: false
            }
        if !isEmpty { refuse(error) }
        try cursor.skip()
    }
}

/// How long the data of pictures is.
struct PictureData {
    /// As it stands in the body.
    private(set) var rawBytes = 0
    /// Unescaped.
    private(set) var contentBytes = 0

    mutating func add(_ data: JSONKey?) {
        rawBytes += data?.raw.count ?? 0
        contentBytes += data?.length ?? 0
    }
}

extension JSONCursor {
    /// Whether a list of blocks comes next; passes over a text, or nothing, which may stand in its
    /// place.
    mutating func isBlockList() throws(JSONError) -> Bool {
        switch try kind() {
        case .array: return true
        case .null, .string:
            try skip()
            return false
        case .object, .number, .bool: throw JSONError(.wrongType, at: position)
        }
    }

    fileprivate mutating func skipRefusing(
        _ error: RequestError,
        _ reader: inout RequestReader,
    ) throws(JSONError) {
        reader.refuse(error)
        try skip()
    }
}
