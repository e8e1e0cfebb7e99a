import Deposits
import GatewayTestKit
import Identity
import Ledger
import Primitives

/// One deposit of 100 to a treasury, and everything that can happen to it, in memory.
struct DepositScene {
    var books = MemoryTransaction()
    private(set) var moment: Int64 = 0
    /// What the last verb added.
    private(set) var newSteps: [DepositStep] = []

    static let id = DepositID.sample()

    static func code(_ customer: CustomerID) -> String { Customer.sample(customer).depositCode }

    /// An event of 100 for `acme`.
    static func event(
        _ amount: Amount = 100,
        _ asset: Asset = .usdc,
        sender: UInt8? = nil,
        code: String? = code("acme"),
    ) -> DepositEvent {
        DepositEvent(
            asset: asset,
            amount: amount,
            treasury: .sample(1),
            sender: sender.map(Wallet.sample),
            code: code,
        )
    }

    init() throws {
        for customer in ["acme", "other"] as [CustomerID] {
            try books.insert(Customer.sample(customer))
        }
    }

    private var now: Timestamp { .second(moment) }

    mutating func see(_ block: Int64, _ event: DepositEvent = event()) throws {
        try observe(block, event, isFinal: false)
    }

    mutating func finish(_ block: Int64, _ event: DepositEvent = event()) throws {
        try observe(block, event, isFinal: true)
    }

    private mutating func observe(
        _ block: Int64,
        _ event: DepositEvent,
        isFinal: Bool,
    ) throws {
        moment += 1
        let observed = ObservedDeposit.sample(0, event, block: block, isFinal: isFinal)
        newSteps = try books.observe(observed, at: now).newSteps
    }

    mutating func drop(_ block: Int64) throws {
        moment += 1
        let outcome = try books.dropped(DepositScene.id, from: .sample(block), at: now)
        newSteps = outcome?.newSteps ?? []
    }

    mutating func assign(_ customer: CustomerID) throws {
        moment += 1
        newSteps = try books.assign(DepositScene.id, to: customer, by: "ann", at: now).newSteps
    }

    mutating func reject(_ reason: String = "not ours") throws {
        moment += 1
        newSteps = try books.reject(DepositScene.id, reason: reason, by: "ann", at: now).newSteps
    }

    /// Charges a customer, who has paid for an inference.
    mutating func spend(_ amount: Amount, of customer: CustomerID) throws {
        try place(InferenceID("spent-\(moment)"), amount, of: customer)
        moment += 1
        let settlement = Settlement(price: amount, cost: amount, provider: "openai")
        _ = try books.captureHold(InferenceID("spent-\(moment - 1)"), settlement, at: now)
    }

    mutating func place(_ id: InferenceID, _ amount: Amount, of customer: CustomerID) throws {
        _ = try books.placeHold(.sample(id, of: customer, amount), solRate: nil)
    }

    var deposit: Deposit? { books.deposit(DepositScene.id) }
    var kinds: [DepositStep.Kind] { books.steps(of: DepositScene.id).map(\.kind) }

    /// What every account has posted, where it is anything.
    var money: String {
        books.accounts().filter { $0.1.posted != 0 }
            .map { "\($0.0) \($0.1.posted)" }
            .joined(separator: ", ")
    }

    /// Audits the ledger and the deposits.
    mutating func audit() throws {
        let ledger = try books.auditLedger()
        var deposits = DepositAuditor()
        try deposits.audit(&books, after: ledger, beside: [:], page: 2)
    }
}
