import Primitives

/// What is offered for each unit of gas, in the chain's smallest unit.
///
/// Source: EIP-1559.
struct EVMFees: Hashable, Sendable {
    /// What whoever makes the block gets of it.
    let priority: UInt64
    /// All of it.
    let highest: UInt64

    init(priority: UInt64, highest: UInt64) {
        self.priority = priority
        self.highest = highest
    }

    /// What lands as long as the price of gas does not grow to four times what it is.
    ///
    /// - Returns: `nil` for what is no price.
    init?(base: UInt64, priority: UInt64) {
        let price = base.multipliedReportingOverflow(by: 4)
        let highest = price.partialValue.addingReportingOverflow(priority)
        guard !price.overflow, !highest.overflow else { return nil }
        self.init(priority: priority, highest: highest.partialValue)
    }

    /// What takes the place of a transaction that offers this, where a block asks more than it by now.
    ///
    /// Nodes take a replacement that offers a tenth more of both (go-ethereum's `txpool.pricebump`); it
    /// offers an eighth.
    ///
    /// - Returns: `nil` where this is enough, or nothing is.
    func raised(base: UInt64, priority: UInt64) -> EVMFees? {
        let asked = base.addingReportingOverflow(priority)
        guard asked.overflow || asked.partialValue > highest || priority > self.priority else {
            return nil
        }
        return outbid(base: base, priority: priority)
    }

    /// What takes the place of a transaction that offers this, whatever a block asks.
    ///
    /// - Returns: `nil` where nothing does.
    func outbid(base: UInt64, priority: UInt64) -> EVMFees? {
        guard let now = EVMFees(base: base, priority: priority), let least = anEighthMore else {
            return nil
        }
        return EVMFees(
            priority: max(now.priority, least.priority),
            highest: max(now.highest, least.highest),
        )
    }

    private var anEighthMore: EVMFees? {
        let priority = self.priority.addingReportingOverflow(self.priority / 8 + 1)
        let highest = self.highest.addingReportingOverflow(self.highest / 8 + 1)
        guard !priority.overflow, !highest.overflow else { return nil }
        return EVMFees(priority: priority.partialValue, highest: highest.partialValue)
    }

    /// What so much gas costs at most; `nil` beyond 64 bits.
    func cost(of gas: UInt64) -> UInt64? {
        let cost = highest.multipliedReportingOverflow(by: gas)
        return cost.overflow ? nil : cost.partialValue
    }
}
