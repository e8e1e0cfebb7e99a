import Providers

/// A decoder of somebody else's bytes, and what must hold whatever it is given.
///
/// Public, alone in this tree, because the fuzzer is a package of its own.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case eventStream = "event-stream"
    case openAIRequest = "openai-request"
    case anthropicRequest = "anthropic-request"
    case openAIAnswer = "openai-answer"
    case anthropicAnswer = "anthropic-answer"
    case rateCard = "rate-card"
    case secret
    case decimal
    case account
    case deposit
    case keyMessage = "key-message"
    case operatorMessage = "operator-message"

    /// Tries one input.
    ///
    /// - Throws: ``BrokenProperty``; what a decoder checks itself stops the process.
    public func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        switch self {
        case .eventStream: try EventStreamProperty.check(bytes)
        case .openAIRequest: try RequestProperty(.openai).check(bytes)
        case .anthropicRequest: try RequestProperty(.anthropic).check(bytes)
        case .openAIAnswer: try AnswerProperty(.openai).check(bytes)
        case .anthropicAnswer: try AnswerProperty(.anthropic).check(bytes)
        case .rateCard: try RateCardProperty.check(bytes)
        case .secret: try SecretProperty.check(bytes)
        case .decimal: try DecimalProperty.check(bytes)
        case .account: try AccountProperty.check(bytes)
        case .deposit: try DepositProperty.check(bytes)
        case .keyMessage: try KeyMessageProperty.check(bytes)
        case .operatorMessage: try OperatorMessageProperty.check(bytes)
        }
    }
}

/// What became of an input whose properties hold.
public enum Verdict: Hashable, Sendable {
    /// The decoder took it.
    case accepted
    /// The decoder refused it, so little was tried.
    case refused
}

/// A property that an input breaks.
public struct BrokenProperty: Error, CustomStringConvertible {
    /// The sentence that is false.
    public let description: String
}

/// Demands that `condition` holds.
///
/// - Throws: ``BrokenProperty`` with the sentence that is false.
func demand(
    _ condition: Bool,
    _ sentence: @autoclosure () -> String,
) throws(BrokenProperty) {
    guard condition else { throw BrokenProperty(description: sentence()) }
}
