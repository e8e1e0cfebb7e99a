import Deposits
import GatewayTestKit
import Identity
import Ledger
import Metering
import Primitives
import Receipts
import StoreSQLite
import Testing
import Withdrawals

/// The model and SQLite, told the same, answer the same after every step.
struct ModelComparisonTests {
    private enum Answer: Equatable {
        case hold(Hold)
        case transfer(Transfer)
        case holds([Hold])
        case nothing
        case refused(LedgerError)
    }

    /// With rows that the writer remembers, and with none, so that each step begins cold.
    @Test(arguments: UInt64(1)...4, [0, 100_000])
    func `random steps end the same in both`(_ seed: UInt64, rowsKept: Int) async throws {
        var random = SplitMix64(seed: seed)
        let model = AnyStore(MemoryStore())
        let sqlite = AnyStore(
            try SQLiteStore.open(.memory, access: .exclusive, rowsKept: rowsKept)
        )
        for number in 0..<120 {
            let step = LedgerStep.random(number, using: &random)
            let expected = try await answer(of: model, to: step)
            let found = try await answer(of: sqlite, to: step)
            try #require(expected == found, "seed \(seed), step \(number): \(step)")
            let books = try await state(of: model)
            let same = try await state(of: sqlite)
            try #require(books == same, "seed \(seed), step \(number): \(step)")
            let (written, stored) = try await sums(of: sqlite, books)
            try #require(written == stored, "seed \(seed), step \(number): \(step)")
        }
        let links = try await model.read { try $0.transfers(of: "gateway", after: 0, limit: 9999) }
        let same = try await sqlite.read { try $0.transfers(of: "gateway", after: 0, limit: 9999) }
        #expect(links == same && !links.isEmpty, "seed \(seed)")
    }

    /// What the writer knows of every account and spender, and what a reader finds in the tables.
    private func sums(of store: AnyStore, _ books: Books) async throws -> ([String], [String]) {
        let accounts = books.accounts.compactMap { AccountID(String($0.prefix { $0 != " " })) }
        let spenders = books.holds.flatMap(\.spenders)
        let sums: @Sendable (inout any EverySlice) throws -> [String] = { transaction in
            try accounts.map { "\($0) \(try transaction.balance(of: $0))" }
                + spenders.map { "\($0) \(try transaction.spending(of: $0))" }
        }
        return (try await store.write(.visible, sums), try await store.read(sums))
    }

    /// Deposits and withdrawals between inferences.
    @Test(arguments: UInt64(1)...4)
    func `random deposits and withdrawals end the same in both`(_ seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let model = AnyStore(MemoryStore())
        let sqlite = AnyStore(try SQLiteStore.open(.memory, access: .exclusive))
        for store in [model, sqlite] {
            try await store.write(.durable) { transaction in
                for number in 0..<3 { try transaction.insert(.sample(CustomerID("c\(number)"))) }
            }
        }
        for number in 0..<300 {
            let deed = DepositDeed.random(using: &random)
            let step = LedgerStep.random(number, using: &random)
            let now = Timestamp.second(Int64(number) * 3600)
            _ = try await (answer(of: model, to: step), answer(of: sqlite, to: step))
            let expected = try await outcome(of: deed, in: model, at: now)
            let found = try await outcome(of: deed, in: sqlite, at: now)
            try #require(expected == found, "seed \(seed), step \(number): \(deed)")
            let taken = WithdrawalDeed.random(using: &random)
            let wanted = try await outcome(of: taken, in: model, at: now)
            let came = try await outcome(of: taken, in: sqlite, at: now)
            try #require(wanted == came, "seed \(seed), step \(number): \(taken)")
            let books = try await deposits(in: model)
            let same = try await deposits(in: sqlite)
            try #require(books == same, "seed \(seed), step \(number): \(deed)")
            let (out, gone) = try await (withdrawals(in: model), withdrawals(in: sqlite))
            try #require(out == gone, "seed \(seed), step \(number): \(taken)")
        }
        let (books, same) = try await (state(of: model), state(of: sqlite))
        #expect(books == same, "seed \(seed)")
        try await model.audit()
        try await sqlite.audit()
    }

    private func outcome(
        of deed: DepositDeed,
        in store: AnyStore,
        at now: Timestamp,
    ) async throws -> Result<DepositOutcome?, DepositError> {
        do {
            return .success(try await store.write(.durable) { try deed.happen(in: &$0, at: now) })
        } catch let error as DepositError {
            return .failure(error)
        }
    }

    private func outcome(
        of deed: WithdrawalDeed,
        in store: AnyStore,
        at now: Timestamp,
    ) async throws -> Result<Withdrawal?, RefusedDeed> {
        do {
            return .success(try await store.write(.durable) { try deed.happen(in: &$0, at: now) })
        } catch let error as any Failure {
            return .failure(RefusedDeed(code: error.code, message: error.message))
        }
    }

    private struct RefusedDeed: Error, Equatable {
        let code: String
        let message: String
    }

    private func withdrawals(in store: AnyStore) async throws -> [[Withdrawal]] {
        try await store.read { transaction in
            let all = try transaction.withdrawals(of: nil, in: nil, after: nil, limit: 99)
            let stages = try WithdrawalStage.allCases.map {
                try transaction.withdrawals(of: "c1", in: $0, after: nil, limit: 99)
            }
            return [all] + stages
        }
    }

    private func deposits(in store: AnyStore) async throws -> [[Deposit]] {
        try await store.read { transaction in
            let all = try transaction.deposits(in: nil, after: nil, limit: 99)
            let second = try transaction.deposits(in: nil, after: all.first?.id, limit: 1)
            let stages = try DepositStage.allCases.map {
                try transaction.deposits(in: $0, after: nil, limit: 99)
            }
            return [all, second] + stages
        }
    }

    private func answer(of store: AnyStore, to step: LedgerStep) async throws -> Answer {
        do {
            return try await store.write(.durable) { transaction in
                switch step {
                case .give(let grant, let now): .transfer(try transaction.give(grant, at: now))
                case .place(let request, let rate):
                    .hold(try transaction.placeHold(request, solRate: rate))
                case .capture(let id, let settlement, let now):
                    .hold(try transaction.captureHold(id, settlement, at: now))
                case .release(let id, let now): .hold(try transaction.releaseHold(id, at: now))
                case .expire(let deadline, let live):
                    .holds(
                        try transaction.expireHolds(
                            leasedBefore: deadline,
                            except: live,
                            at: deadline,
                            limit: 3,
                        )
                    )
                case .extend(let id, let target, let budgets, let now):
                    .hold(
                        try transaction.extendHold(id, to: target, within: budgets, at: now)
                    )
                case .refund(let refund, let now): .hold(try transaction.give(refund, at: now))
                case .renew(let ids, let lease):
                    try { () -> Answer in
                        try transaction.renewHolds(ids, until: lease)
                        return .nothing
                    }()
                }
            }
        } catch let error as LedgerError {
            return .refused(error)
        }
    }

    private struct Books: Equatable {
        let holds: [Hold]
        let accounts: [String]
        let totals: [AccountTotal]
        let chain: TransferChain
        let statement: [StatementLine]
        let spendings: [String]
        let dailyCharges: [DailyCharge]
    }

    private func state(of store: AnyStore) async throws -> Books {
        try await store.read { transaction in
            Books(
                holds: try transaction.holds(after: nil, limit: 9999),
                accounts: try transaction.accounts().map { "\($0) \($1)" },
                totals: try transaction.totals(),
                chain: try transaction.chain(of: "gateway"),
                statement: try transaction.statement(of: "c1", skipping: 1, limit: 5),
                spendings: try transaction.spendings().filter { $1 != .zero }.map { "\($0) \($1)" },
                dailyCharges: try transaction.dailyCharges(),
            )
        }
    }
}
