package import Primitives

/// A dated price list: immutable once published, named by every hold and charge made under it.
package struct RateCard: Hashable, Sendable, Codable {
    /// Unique, such as `level5-1.6`; the same version never has other content.
    package let version: String
    /// Where the prices come from, for people.
    package let source: String
    package let rates: [Rate]

    package init(version: String, source: String, rates: [Rate]) {
        self.version = version
        self.source = source
        self.rates = rates
    }

    /// The rates by canonical id and by alias.
    package func index() -> [String: Rate] {
        var index: [String: Rate] = [:]
        for rate in rates {
            for name in [rate.model] + rate.aliases { index[name] = rate }
        }
        return index
    }
}

/// The rate cards' slice of a store's transaction.
package protocol RateCardTransaction {
    /// The card published last; `nil` before the first.
    mutating func currentRateCard() throws -> RateCard?
    mutating func rateCard(_ version: String) throws -> RateCard?
    /// Makes `card` the current one; a version that is stored already keeps its content.
    mutating func publish(_ card: RateCard, at now: Timestamp) throws
}

/// Why a rate card was not published; nothing was written.
package enum RateCardError: Failure, Hashable {
    /// Every reason, one sentence each.
    case refused([String])
    case existsWithDifferentContent(version: String)

    package var code: String {
        switch self {
        case .refused: "rate_card_refused"
        case .existsWithDifferentContent: "rate_card_exists_with_different_content"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .refused: .malformed
        case .existsWithDifferentContent: .conflict
        }
    }

    package var message: String {
        switch self {
        case .refused(let problems): problems.joined(separator: "\n")
        case .existsWithDifferentContent(let version):
            "The rate card \(version) is published with other content; give yours a new version."
        }
    }
}

extension RateCardTransaction {
    /// Publishes a card, or makes one current again that was published before.
    ///
    /// - Throws: ``RateCardError/existsWithDifferentContent(version:)``; nothing is written.
    package mutating func publishOnce(_ card: RateCard, at now: Timestamp) throws {
        if let recorded = try rateCard(card.version), recorded != card {
            throw RateCardError.existsWithDifferentContent(version: card.version)
        }
        if try currentRateCard() != card { try publish(card, at: now) }
    }
}
