import Simulation

/// What one agent will do, and what its upstream will.
struct AgentPlan: Sendable {
    /// What the upstream answers with.
    enum Answer: Sendable, CaseIterable {
        case whole, usageTwice, noUsage, absurdUsage, endless
        case errorEvent, brokenStream, brokenBeforeHead, refused, silent

        /// Whether an answer that has begun can fail.
        var mayBreak: Bool {
            switch self {
            case .whole, .usageTwice, .noUsage, .absurdUsage, .endless: false
            case .errorEvent, .brokenStream, .brokenBeforeHead, .refused, .silent: true
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
    var maxTokens: Int
    var answer: Answer
    /// Agents with the same one ask for the same, and say so.
    var retryOf: Int?
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
            maxTokens: 20 + dice.below(200),
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
        return "{\"model\":\"sample\",\"stream\":\(isStream),\"max_tokens\":\(maxTokens),"
            + "\"user\":\"\(subject)\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"
    }
}
