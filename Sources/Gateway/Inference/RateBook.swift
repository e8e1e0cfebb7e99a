package import Pricing
import Providers
import Synchronization

/// The rate card in force, as the gateway looks prices up.
///
/// Published cards are immutable; publishing swaps the whole card.
package final class RateBook: Sendable {
    private struct Content {
        var card: RateCard?
        var index: [String: Rate] = [:]
    }

    private let content: Mutex<Content>

    package init(_ card: RateCard?) {
        content = Mutex(Content(card: card, index: card?.index() ?? [:]))
    }

    /// The canonical id of the model that has this name; `nil` where none has.
    package func canonicalName(of model: String) -> String? {
        guard model.utf8.count <= InferenceRequest.longestModel else { return nil }
        return content.withLock { $0.index[model]?.model }
    }

    package var card: RateCard? { content.withLock(\.card) }

    package func replace(with card: RateCard) {
        let index = card.index()
        content.withLock { $0 = Content(card: card, index: index) }
    }

    /// The rate of a model under any of its names, and the version of the card that has it.
    ///
    /// - Throws: ``GatewayError/noRateCard``, ``GatewayError/modelNotFound(among:)``.
    package func rate(of model: String) throws(GatewayError) -> (rate: Rate, version: String) {
        // Looking for a long name takes as long as who asks wants, and everybody waits for the lock.
        let isName = model.utf8.count <= InferenceRequest.longestModel
        let (rate, version) = content.withLock {
            (isName ? $0.index[model] : nil, $0.card?.version)
        }
        guard let version else { throw .noRateCard }
        guard let rate else { throw .modelNotFound() }
        return (rate, version)
    }
}
