import Deposits
import GatewayTestKit
import Identity
import Ledger
import Metering
import Pricing
import Primitives
import Receipts
import StoreSQLite
import Withdrawals

/// Everything in a store that is money, or decides about it.
struct BooksState: Equatable, Sendable {
    struct Account: Equatable, Sendable {
        let id: AccountID
        let balance: Balance
    }

    struct Spent: Equatable, Sendable {
        let spender: Spender
        let spending: Spending
    }

    let chains: [TransferChain]
    let transfers: [ChainedTransfer]
    let accounts: [Account]
    let totals: [AccountTotal]
    let holds: [Hold]
    let openHolds: [Hold]
    let receipts: [Receipt]
    let spendings: [Spent]
    let dailyCharges: [DailyCharge]
    let currentCard: RateCard?
    let cards: [RateCard?]
    let customers: [Customer?]
    let keys: [Key]
    let statements: [[StatementLine]]
    let deposits: [Deposit]
    let depositSteps: [[DepositStep]]
    let withdrawals: [Withdrawal]
    let withdrawalSteps: [[WithdrawalStep]]
    let owners: [CustomerID?]

    /// Reads all of it, by every way that the gateway reads it.
    init(_ books: inout SQLiteTransaction) throws {
        let writers = try books.writers()
        chains = try writers.map { try books.chain(of: $0) }
        transfers = try writers.flatMap { try books.transfers(of: $0, after: 0, limit: .max) }
        // What has no row is zero, so a row of zeros says nothing.
        accounts = try books.accounts().filter { $1 != .zero }.map(Account.init)
        totals = try books.totals()
        holds = try books.holds(after: nil, limit: .max)
        openHolds = try books.openHolds(leasedBefore: .distantFuture, limit: .max)
        receipts = try books.receipts(after: nil, limit: .max)
        spendings = try books.spendings().filter { $1 != .zero }.map(Spent.init)
        dailyCharges = try books.dailyCharges().filter { $0.charged > .zero }
        currentCard = try books.currentRateCard()
        cards = try SampleBooks.cards.map { try books.rateCard($0) }
        let names = SampleBooks.customers
        customers = try names.map { try books.customer($0) }
        keys = try books.keys(of: nil) + names.flatMap { try books.keys(of: $0) }
        statements = try names.map { try books.statement(of: $0, skipping: 0, limit: .max) }
        deposits = try DepositStage.allCases.flatMap {
            try books.deposits(in: $0, after: nil, limit: .max)
        }
        depositSteps = try deposits.map { try books.steps(of: $0.id) }
        withdrawals = try books.withdrawals(of: nil, in: nil, after: nil, limit: .max)
        withdrawalSteps = try withdrawals.map { try books.steps(of: $0.id) }
        owners = try SampleBooks.wallets.map { try books.customer(ofWallet: $0) }
    }
}

/// Small books in which everything happens, written by the real store.
enum SampleBooks {
    static let cards = ["sample-1", "sample-2"]
    static let customers: [CustomerID] = ["acme", "bolt", "cord"]
    static let wallets: [Wallet] = [.sample(8), .sample(9)]
    static let rate = SOLRate(microdollarsPerSOL: 150_000_000, quotedAt: .second(0))

    static func key(of customer: CustomerID) -> KeyID { KeyID("fbx-\(customer)-0000000") }

    /// Prices, customers, keys and money in every asset.
    static func open(_ books: inout SQLiteTransaction) throws {
        for version in cards {
            try books.publishOnce(try RateCardDraft.sample(version).published(), at: .second(0))
        }
        try books.publishOnce(try RateCardDraft.sample(cards[0]).published(), at: .second(1))
        for (index, customer) in customers.enumerated() {
            try books.insert(Customer.sample(customer))
            let key = Key(
                id: key(of: customer),
                customer: customer,
                digest: SecretDigest(stored: [UInt8](repeating: UInt8(index + 1), count: 32)),
                settings: .sample("\(customer)"),
                createdAt: .second(0),
            )
            try books.save(key)
            for asset in Asset.allCases {
                let grant = Grant.sample("\(customer)-\(asset)", to: customer, 5_000_000, asset)
                _ = try books.give(grant, at: .second(1))
            }
        }
        try books.bind(wallets[0], to: customers[0], at: .second(1))
        try books.observe(.sample(0, .sample(7, sender: 8), isFinal: false), at: .second(1))
        try books.observe(.sample(1, .sample(8, .sol, for: nil)), at: .second(1))
    }

    static func place(
        _ id: InferenceID,
        of customer: CustomerID,
        _ amount: Amount,
        lease: Timestamp = .second(60),
        _ books: inout SQLiteTransaction,
    ) throws {
        let request = HoldRequest.sample(
            id,
            of: customer,
            amount,
            lease: lease,
            key: key(of: customer),
        )
        _ = try books.placeHold(request, solRate: rate)
    }

    /// Captures what so many tokens of output cost, with its receipt; once.
    static func capture(
        _ id: InferenceID,
        tokens: Int64,
        at now: Timestamp,
        _ books: inout SQLiteTransaction,
    ) throws {
        guard let hold = try books.hold(id) else { throw LedgerError.holdNotFound(id) }
        let sample = try SampleSettlement(hold, Usage([.input: 10, .output: tokens]), at: now)
        _ = try books.captureHold(id, sample.settlement, at: now)
        if hold.state == .open { try books.append(sample.receipt) }
    }
}
