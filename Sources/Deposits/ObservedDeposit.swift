package import Primitives

/// Where on its chain an event stands.
package struct BlockReference: Hashable, Sendable, CustomStringConvertible {
    /// The block's number, or the slot.
    package let number: Int64
    package let hash: String

    /// - Returns: `nil` for a negative number, or a hash that is none.
    package init?(number: Int64, hash: String) {
        guard number >= 0, let hash = ChainText.blockHash(hash) else { return nil }
        self.number = number
        self.hash = hash
    }

    package var description: String { "block \(number) \(hash)" }
}

/// What one event on a chain says: money that arrived at a treasury.
package struct DepositEvent: Hashable, Sendable {
    package let asset: Asset
    package let amount: Amount
    /// Whose address received it; ours.
    package let treasury: Wallet
    /// Who sent it, where the chain proves it.
    package private(set) var sender: Wallet?
    /// The code that an instruction, a memo or a reference names, spelled as codes are.
    package private(set) var code: String?

    /// The longest code that is kept, in bytes; ours have 32.
    package static let longestCode = 64

    package init(
        asset: Asset,
        amount: Amount,
        treasury: Wallet,
        sender: Wallet? = nil,
        code: String? = nil,
    ) {
        self.asset = asset
        self.amount = amount
        self.treasury = treasury
        self.sender = sender
        self.code = code.flatMap(DepositEvent.spelled)
    }

    /// Codes are hexadecimal, so their case says nothing; nor do blanks around one, or alone.
    private static func spelled(_ code: String) -> String? {
        let blanks: Set<UInt8> = [UInt8(ascii: " "), 9, 10, 13]
        let trimmed = code.utf8.drop(while: blanks.contains).reversed()
            .drop(while: blanks.contains).reversed()
        let text = String(decoding: trimmed, as: UTF8.self)
        return text.isEmpty ? nil : ChainText.quoted(text, longest: longestCode).lowercased()
    }

    /// Whether both cannot be true of one event.
    ///
    /// What one of them does not know contradicts nothing.
    func contradicts(_ other: DepositEvent) -> Bool {
        func differ<Value: Equatable>(_ one: Value?, _ two: Value?) -> Bool {
            one != nil && two != nil && one != two
        }
        return asset != other.asset || amount != other.amount || treasury != other.treasury
            || differ(sender, other.sender) || differ(code, other.code)
    }

    /// What both know together.
    func completed(by other: DepositEvent) -> DepositEvent {
        var completed = self
        completed.sender = sender ?? other.sender
        completed.code = code ?? other.code
        return completed
    }
}

extension DepositEvent: CustomStringConvertible {
    package var description: String {
        let sender = sender.map { " from \($0)" } ?? ""
        let code = code.map { " for \($0)" } ?? ""
        return "\(amount) \(asset.rawValue) to \(treasury)\(sender)\(code)"
    }
}

/// What a watcher has read of one event: from a subscription, a poll or a hash it was told.
package struct ObservedDeposit: Hashable, Sendable {
    package let id: DepositID
    package let event: DepositEvent
    package let block: BlockReference
    /// Whether the chain will not take it back, by the depth that the operator has set.
    package let isFinal: Bool

    package init(id: DepositID, event: DepositEvent, block: BlockReference, isFinal: Bool) {
        self.id = id
        self.event = event
        self.block = block
        self.isFinal = isFinal
    }
}
