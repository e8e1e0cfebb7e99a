import Simulation

/// What one agent will do, and what its upstream will.
struct AgentPlan: Sendable {
    /// What the upstream answers with.
    enum Answer: Sendable, CaseIterable {
        case whole, usageTwice, noUsage, absurdUsage, hugeUsage, endless
        case errorEvent, brokenStream, brokenMidway, brokenBeforeHead, refused, stalled, silent

        /// Whether an answer that has begun can fail.
        var mayBreak: Bool {
            switch self {
            case .whole, .usageTwice, .noUsage, .absurdUsage, .hugeUsage, .endless: false
            case .errorEvent, .brokenStream, .brokenMidway, .brokenBeforeHead: true
            case .refused, .stalled, .silent: true
            }
        }
    }

    /// When the agent leaves.
    enum Leaving: Sendable {
        case never
        /// After so many milliseconds.
        case after(Int)
        /// Once it has read so many pieces.
        case afterPieces(Int)
    }

    var customer: Int
    var key: Int
    var isStream: Bool
    /// The limit that it names; `nil` where it names none.
    var maxTokens: Int?
    /// How often its question says hello: an agent may say one thing at length.
    var greetings: Int
    var answer: Answer
    /// Agents with the same one ask for the same, and say so.
    var retryOf: Int?
    /// The number of the attempt, from 0, by which it says so as an SDK does; `nil` where it sends an
    /// `Idempotency-Key`.
    var attempt: Int?
    var start: Int
    var leaving: Leaving
    /// Tokens of output that the upstream reports.
    var output: Int
    var inputReported: Int
    /// Milliseconds before the upstream's head, and before each piece.
    var delay: Int

    static func random(_ dice: inout Dice) -> AgentPlan {
        AgentPlan(
            customer: dice.below(2),
            key: dice.below(2),
            isStream: !dice.oneIn(3),
            maxTokens: dice.oneIn(8) ? nil : dice.oneIn(16) ? 1 << 40 : 20 + dice.below(200),
            greetings: dice.oneIn(8) ? 200 : 1,
            answer: dice.oneIn(2) ? .whole : dice.pick(Answer.allCases),
            retryOf: dice.oneIn(2) ? dice.below(2) : nil,
            start: dice.below(300),
            leaving: leaving(&dice),
            output: 1 + dice.below(19),
            inputReported: 5 + dice.below(30),
            delay: dice.below(200),
        )
    }

    private static func leaving(_ dice: inout Dice) -> Leaving {
        switch dice.below(5) {
        case 0: .after(dice.below(600))
        case 1: .afterPieces(dice.below(3))
        default: .never
        }
    }

    /// The request's body; who asks for the same asks with the same bytes.
    func body(_ number: Int) -> String {
        let subject = retryOf.map { "r\($0)" } ?? "p\(number)"
        let limit = maxTokens.map { "\"max_tokens\":\($0)," } ?? ""
        let question = String(repeating: "Hello ", count: greetings)
        return "{\"model\":\"sample\",\"stream\":\(isStream),\(limit)\"user\":\"\(subject)\","
            + "\"messages\":[{\"role\":\"user\",\"content\":\"\(question)\"}]}"
    }
}
