import Primitives

/// Names one event of one transaction on one chain, as `<chain>/<transaction>/<event>`.
///
/// It is a key in the books, so every spelling of an event gives the same id: hexadecimal is
/// lower-case behind `0x`, base58 is as it is. Anything else names no event.
package struct DepositID: Hashable, Sendable {
    /// The rail's name in the operator's configuration, which its custody account carries too.
    package let chain: String
    /// The hash of an EVM transaction, or the signature of one on Solana.
    package let transaction: String
    /// Which of the transaction's events; the log's index in its block, or as the watcher counts.
    package let event: Int

    /// The longest name of a chain, in bytes.
    package static let longestChain = 32
    /// The longest printed form, in bytes.
    package static let longest = longestChain + 1 + ChainText.longestSignature + 1 + 10

    /// - Returns: `nil` where the chain's name is not lower-case letters, digits and inner hyphens,
    ///   the transaction is neither a hash nor a signature, or the event is not of 32 bits.
    package init?(chain: String, transaction: String, event: Int) {
        guard DepositID.isChain(chain), let transaction = ChainText.transaction(transaction),
            (0...Int(UInt32.max)).contains(event)
        else { return nil }
        self.chain = chain
        self.transaction = transaction
        self.event = event
    }

    /// Whether a text can name a transaction on some chain.
    package static func isTransaction(_ text: String) -> Bool { ChainText.transaction(text) != nil }

    static func isChain(_ name: String) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...longestChain).contains(name.utf8.count), name.utf8.first != hyphen,
            name.utf8.last != hyphen
        else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                hyphen:
                true
            case _: false
            }
        }
    }
}

extension DepositID: CustomStringConvertible {
    package var description: String { "\(chain)/\(transaction)/\(event)" }

    /// Reads what ``description`` prints, in any spelling of the transaction; `nil` for anything
    /// else.
    package init?(_ description: String) {
        guard description.utf8.count <= DepositID.longest else { return nil }
        let parts = description.utf8
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 3, let event = Int(parts[2]), String(event) == parts[2] else {
            return nil
        }
        self.init(chain: parts[0], transaction: parts[1], event: event)
    }
}
