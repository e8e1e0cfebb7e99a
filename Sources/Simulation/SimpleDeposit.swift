package import Primitives

/// What is told of a deposit; everybody in it is numbered.
package struct SimpleDeposit: Hashable, Sendable {
    package let id: Int
    package var asset: Asset
    package var amount: Int64
    package var treasury = 0
    /// Whose wallet sent it; `nil` where it is not proven.
    package var sender: Int?
    /// Whose code it names; that of a customer who is none is unknown.
    package var code: Int?
    package var block = 0
    package var isFinal = true

    package init(
        id: Int,
        _ asset: Asset = .usdc,
        _ amount: Int64 = 100,
        sender: Int? = nil,
        code: Int? = nil,
    ) {
        self.id = id
        self.asset = asset
        self.amount = amount
        self.sender = sender
        self.code = code
    }

    /// In another block, which is final or not yet.
    package func told(in block: Int, isFinal: Bool) -> SimpleDeposit {
        var told = self
        (told.block, told.isFinal) = (block, isFinal)
        return told
    }

    /// A deposit that is true.
    static func random(id: Int, _ dice: inout Dice) -> SimpleDeposit {
        SimpleDeposit(
            id: id,
            dice.pick(Asset.allCases),
            dice.oneIn(16) ? 0 : max(1, LedgerEvent.amount(&dice)),
            sender: dice.oneIn(2) ? dice.below(4) : nil,
            code: dice.oneIn(3) ? nil : dice.below(4),
        )
    }

    /// What a watcher tells of it, which is not always all, and not always true.
    func told(_ dice: inout Dice) -> SimpleDeposit {
        var told = told(in: dice.below(3), isFinal: !dice.oneIn(3))
        switch dice.below(60) {
        case 0: told.amount = max(1, LedgerEvent.amount(&dice))
        case 1: told.asset = dice.pick(Asset.allCases)
        case 2: told.treasury = 1
        case 3: told.sender = dice.below(4)
        case 4: told.code = dice.below(4)
        case 5..<9: told.code = nil
        case 9..<12: told.sender = nil
        default: break
        }
        return told
    }
}
