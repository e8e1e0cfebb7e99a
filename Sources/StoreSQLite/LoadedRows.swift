import Identity
import Ledger
import Primitives

/// The rows that writes have loaded, and what they are to become.
///
/// They are kept from one batch to the next: one process writes, through one connection, so what it
/// committed last is what the tables say. A batch that fails takes them with it, and the store stops.
struct LoadedRows: Sendable {
    /// What a spender was charged on one day.
    struct SpenderDay: Hashable, Sendable {
        let spender: Spender
        let day: Int64
    }

    /// How many rows are kept from batch to batch, unless somebody wants fewer; a row has some
    /// hundred bytes.
    static let limit = 100_000

    var balances = LoadedTable<AccountID, Balance>()
    var holds = LoadedTable<InferenceID, Hold>()
    /// Sums of days and of open holds, which are not stored themselves.
    var spendings: [Spender: Spending] = [:]
    var days = LoadedTable<SpenderDay, Amount>()
    var keys = LoadedTable<KeyID, Key>()
    var customers = LoadedTable<CustomerID, Customer>()
    var chainEnd: TransferChain?
    var isChainChanged = false
    private var endedHolds: [InferenceID] = []

    mutating func save(_ hold: Hold) {
        holds.change(hold, for: hold.id)
        if hold.state != .open { endedHolds.append(hold.id) }
    }

    /// Forgets the holds that have ended, which hardly anybody asks for again, and everything where
    /// it has become too much; called when all is stored.
    mutating func forgetOld(keeping limit: Int) {
        for id in endedHolds { holds.forget(id) }
        endedHolds.removeAll(keepingCapacity: true)
        let count = balances.count + holds.count + spendings.count + days.count
        if count + keys.count + customers.count > limit { self = LoadedRows() }
    }
}

extension LoadedRows {
    /// Hands the rows over and keeps none, so that nothing is copied when they change.
    mutating func taken() -> LoadedRows {
        defer { self = LoadedRows() }
        return self
    }
}
