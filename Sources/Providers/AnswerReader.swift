package import Metering
package import NIOCore

/// What one event of a streamed answer means for billing.
package enum EventMeaning: Hashable, Sendable {
    /// Pass it on.
    case relay
    /// The usage chunk that we asked for and the agent did not.
    case hide
    /// The event after which the answer is whole: `[DONE]`, `message_stop`.
    case terminal
    /// The upstream's own word that the answer failed.
    case failure
}

/// What a body that is not streamed is.
package enum BodyMeaning: Hashable, Sendable {
    case answer
    /// The upstream's own word that it failed, under a status that says otherwise.
    case failure
    /// Not a JSON object.
    case garbage
}

/// Reads usage, and little else, off an answer in one dialect.
///
/// Bytes in, facts out: it changes nothing and prices nothing. JSON that it can not read counts as
/// text that was delivered, so garbage is not free.
package struct AnswerReader: Sendable {
    let dialect: Dialect
    let wantsUsageChunk: Bool
    /// The model as the upstream names it.
    package internal(set) var answeredModel: String?
    /// Whether the model's answer has begun: until then the upstream only kept the connection alive.
    package private(set) var hasBegun = false
    var openAI = OpenAIAnswer()
    var anthropic = AnthropicAnswer()

    /// - Parameters:
    ///   - dialect: what the upstream speaks.
    ///   - wantsUsageChunk: whether the agent asked for the usage chunk of a stream.
    package init(_ dialect: Dialect, wantsUsageChunk: Bool) {
        self.dialect = dialect
        self.wantsUsageChunk = wantsUsageChunk
    }

    /// Reads one event of a stream into `meter`.
    package mutating func read(
        _ event: EventStreamEvent,
        into meter: inout UsageMeter,
    ) -> EventMeaning {
        guard event.data.readableBytes > 0 else { return .relay }
        if dialect == .openai, event.data.readableBytesView.elementsEqual("[DONE]".utf8) {
            return .terminal
        }
        var facts = AnswerFacts()
        do throws(JSONError) {
            facts = try self.facts(of: event.data)
        } catch {
            meter.deliver(bytes: event.data.readableBytes)
            hasBegun = true
            return .relay
        }
        take(facts, into: &meter)
        if facts.isFailure { return .failure }
        if facts.isTerminal { return .terminal }
        return facts.isBareUsage && !wantsUsageChunk ? .hide : .relay
    }

    /// Reads a whole, non-streamed answer into `meter`.
    package mutating func read(body: ByteBuffer, into meter: inout UsageMeter) -> BodyMeaning {
        do throws(JSONError) {
            let facts = try facts(of: body)
            // An answer that was counted is one, whatever else it says.
            if facts.isFailure, case .none = facts.usage { return .failure }
            take(facts, into: &meter)
            return .answer
        } catch {
            return .garbage
        }
    }

    private mutating func facts(of data: ByteBuffer) throws(JSONError) -> AnswerFacts {
        var reader = self
        defer { self = reader }
        return try data.withJSON { bytes throws(JSONError) in
            var cursor = JSONCursor(bytes)
            let facts =
                switch reader.dialect {
                case .openai: try reader.openAI.facts(&cursor)
                case .anthropic: try reader.anthropic.facts(&cursor)
                }
            try cursor.end()
            return facts
        }
    }

    private mutating func take(_ facts: AnswerFacts, into meter: inout UsageMeter) {
        answeredModel = facts.model ?? answeredModel
        hasBegun = hasBegun || facts.isAnswer
        meter.deliver(bytes: facts.textBytes)
        switch facts.usage {
        case .none: break
        case .invalid: meter.rejectReport()
        case .partial(let report): meter.accept(report, isFinal: false)
        case .whole(let report): meter.accept(report, isFinal: true)
        }
    }
}

/// What one event, or one body, states.
struct AnswerFacts {
    /// A usage report, as far as it can be believed.
    enum ReportedUsage {
        case none
        /// Negative, fractional or not numbers: no report.
        case invalid
        /// Part of the truth: the answer goes on.
        case partial(UsageReport)
        case whole(UsageReport)
    }

    var usage = ReportedUsage.none
    var model: String?
    /// Bytes of text, arguments and reasoning that the agent receives.
    var textBytes = 0
    /// Whether it is part of the model's answer.
    var isAnswer = false
    var isTerminal = false
    var isFailure = false
    /// Whether it carries a usage report and nothing else.
    var isBareUsage = false
}

/// A count as a provider states it.
enum StatedCount: Hashable {
    case absent
    case invalid
    case count(Int64)

    /// Reads the next value; `null` says nothing.
    init(_ cursor: inout JSONCursor) throws(JSONError) {
        switch try cursor.kind() {
        case .null:
            try cursor.null()
            self = .absent
        case .number:
            let number = try cursor.number()
            self = number.integer.map { $0 >= 0 ? .count($0) : .invalid } ?? .invalid
        case .string, .bool, .object, .array:
            try cursor.skip()
            self = .invalid
        }
    }

    /// What was stated last: `self`, unless it says nothing.
    func or(_ earlier: StatedCount) -> StatedCount { self == .absent ? earlier : self }

    var value: Int64? { if case .count(let count) = self { count } else { nil } }
}

extension JSONCursor {
    /// Adds the length of the next value to `bytes` if it is a string; passes over anything else.
    mutating func addText(to bytes: inout Int) throws(JSONError) {
        if try kind() == .string { bytes += try stringLength() } else { try skip() }
    }

    /// Walks the next value if it is an object; passes over anything else.
    mutating func objectIfAny(
        _ member: (inout JSONCursor, JSONKey) throws(JSONError) -> Void
    ) throws(JSONError) {
        if try kind() == .object { try object(member) } else { try skip() }
    }

    /// Walks the next value if it is an array; passes over anything else.
    mutating func arrayIfAny(
        _ element: (inout JSONCursor) throws(JSONError) -> Void
    ) throws(JSONError) {
        if try kind() == .array { try array(element) } else { try skip() }
    }

    /// The next value if it is a string; passes over anything else.
    mutating func stringIfAny() throws(JSONError) -> String? {
        if try kind() == .string { return try string() }
        try skip()
        return nil
    }
}
