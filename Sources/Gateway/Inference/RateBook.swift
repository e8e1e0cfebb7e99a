package import Pricing
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
        content.withLock { $0.index[model]?.model }
    }

    package var card: RateCard? { content.withLock(\.card) }

    package func replace(with card: RateCard) {
        let index = card.index()
        content.withLock { $0 = Content(card: card, index: index) }
    }

    /// The rate of a model under any of its names, and the version of the card that has it.
    ///
    /// - Throws: ``GatewayError/noRateCard``, ``GatewayError/modelNotFound``.
    package func rate(of model: String) throws(GatewayError) -> (rate: Rate, version: String) {
        let (rate, version) = content.withLock { ($0.index[model], $0.card?.version) }
        guard let version else { throw .noRateCard }
        guard let rate else { throw .modelNotFound }
        return (rate, version)
    }
}
