import Deposits
import GatewayTestKit
import Identity
import Ledger
import Metering
import Pricing
import Primitives
import Receipts
import SimulatedDisk
import Simulation
import StoreSQLite

/// One database on the simulated disk, through several power cuts.
struct DiskWorld {
    /// What is done to every disk; for controls that must find losses.
    struct Control {
        var liesAboutSyncs = false
    }

    private static let customers = 3

    private let location: SQLiteLocation
    private var disk: SavedDisk
    private let control: Control
    private var dice: Dice
    private let facts = Facts()
    /// What is asked again after a power cut: by the same ids, so that it happens once.
    private var unanswered: [Facts.Ask.Kind] = []
    private var nextGrant = 100
    private var nextHold = 0
    private var nextDeposit = 0
    private(set) var cuts = 0
    private(set) var writes = 0
    private(set) var problems: [String] = []

    /// A world on `disk`, as ``prepare(_:)`` left it.
    init(seed: UInt64, at location: SQLiteLocation, on disk: SavedDisk, _ control: Control) {
        dice = Dice(seed: seed)
        self.location = location
        self.disk = disk
        self.control = control
    }

    /// Makes the disk that every world starts from: migrated, with prices and money.
    static func prepare(_ location: SQLiteLocation) async throws -> SavedDisk {
        var disk = SavedDisk(at: location)
        disk.format()
        let store = try SQLiteStore.open(location, access: .exclusive)
        let card = try RateCardDraft.sample().published()
        try await store.write(.durable) { transaction in
            try transaction.publishOnce(card, at: .second(0))
            for customer in 0..<customers {
                let grant = Grant.sample("\(customer)", to: CustomerID("c\(customer)"), 1_000_000)
                _ = try transaction.give(grant, at: .second(0))
                try transaction.insert(.sample(CustomerID("c\(customer)")))
            }
        }
        try await store.close()
        disk.save(.start)
        return disk
    }

    /// Goes through so many crashes, each seen in several images of what the disk may have kept.
    mutating func run(crashes: Int, images: Int) async {
        disk.restore(.start)
        for customer in 0..<DiskWorld.customers { facts.answer(facts.begin(.grant(customer))) }
        for _ in 0..<crashes where problems.isEmpty {
            await live()
            if dice.oneIn(3) {
                // The process was killed and started again before the power failed.
                disk_revive()
                await recover(isLast: true, isClosed: false)
                await live()
            }
            disk.save(.crash)
            for image in 0..<images where problems.isEmpty {
                disk.restore(.crash)
                let mode: DiskMode = [
                    DISK_TEARS_UNSYNCED, DISK_DROPS_UNSYNCED, DISK_KEEPS_UNSYNCED,
                ][image % 3]
                disk_cut_power(dice.next(), mode)
                cuts += 1
                await recover(isLast: image == images - 1)
            }
        }
    }

    /// Works until the disk fails, or a while.
    private mutating func live() async {
        let kind = dice.below(5)
        disk_set_faults(
            DiskFaults(
                power_at_io: kind < 3 ? 1 + dice.below(120) : -1,
                eio_at_sync: kind == 3 ? 1 + dice.below(20) : -1,
                full_at_write: kind == 4 ? 1 + dice.below(100) : -1,
                lies_about_syncs: control.liesAboutSyncs ? 1 : 0,
            )
        )
        guard let store = try? SQLiteStore.open(location, access: .exclusive) else { return }
        var rounds = 0
        while !store.isStopped, rounds < 12 {
            rounds += 1
            let asks = unanswered + (0..<(1 + dice.below(4))).map { _ in ask() }
            unanswered = []
            writes += asks.count
            await withTaskGroup { group in
                for ask in asks {
                    group.addTask { [facts] in await facts.perform(ask, on: store) }
                }
            }
        }
        disk_power_off()
        store.abandon()
    }

    /// Something to ask for: new, or of a hold that is there.
    private mutating func ask() -> Facts.Ask.Kind {
        switch dice.below(14) {
        case 0:
            nextGrant += 1
            return .grant(nextGrant)
        case 1..<5:
            nextHold += 1
            return .place(nextHold)
        case 5: return .extend(1 + dice.below(max(1, nextHold)))
        case 6, 7:
            return .capture(
                max(1, nextHold - dice.below(6)),
                charge: 22 * Int64(1 + dice.below(2)),
            )
        case 8: return .release(max(1, nextHold - dice.below(6)))
        case 10, 11:
            nextDeposit += 1
            return .deposit(nextDeposit, .arrival)
        case 12: return .deposit(max(1, nextDeposit - dice.below(3)), .drop)
        case 13: return .deposit(max(1, nextDeposit - dice.below(5)), .comeback)
        default: return .refund(max(1, nextHold - dice.below(12)))
        }
    }

    /// Opens what the disk kept, audits it, and compares it with what was answered.
    ///
    /// - Parameters:
    ///   - isLast: whether the world goes on from here.
    ///   - isClosed: whether the database is closed well afterwards, which syncs it.
    private mutating func recover(isLast: Bool, isClosed: Bool = true) async {
        // What the disk keeps must be found out by what was answered alone.
        if control.liesAboutSyncs { disk.forgetMark() }
        do {
            let store = try SQLiteStore.open(location, access: .exclusive)
            let books = try await store.read { transaction in
                _ = try BooksAudit(&transaction)
                let holds = try transaction.holds(after: nil, limit: .max)
                return StoredBooks(
                    transfers: Set(
                        try transaction.transfers(
                            of: SQLiteStore.defaultChain,
                            after: 0,
                            limit: .max,
                        )
                        .map(\.transfer.id)
                    ),
                    holds: Dictionary(
                        holds.map { ($0.id, $0) },
                        uniquingKeysWith: { first, _ in first },
                    ),
                    receipts: Set(try transaction.receipts(after: nil, limit: .max).map(\.id)),
                )
            }
            problems += facts.problems(books)
            if isLast { unanswered = facts.settle(on: books) }
            if isClosed { return try await store.close() }
            disk_power_off()
            store.abandon()
            disk_revive()
        } catch {
            problems.append("the books: \(error)")
        }
    }
}

extension Facts {
    /// Asks a store for one write and takes note of its answer.
    func perform(_ kind: Ask.Kind, on store: SQLiteStore) async {
        let index = begin(kind)
        do {
            let isRepeat = try await store.write(kind.isDurable ? .durable : .visible) { books in
                let hasHappened = try kind.hasHappened(in: &books)
                try kind.write(&books)
                return hasHappened
            }
            answer(index, isRepeat: isRepeat)
        } catch is LedgerError {
            // Refused: as if it had not been asked.
            refuse(index)
        } catch {
            // Unknown, until a restart has looked.
        }
    }
}

extension Facts.Ask.Kind {
    fileprivate func hasHappened(in transaction: inout SQLiteTransaction) throws -> Bool {
        switch self {
        case .grant(let number):
            try transaction.transfer(TransferID("grant/\(number)")) != nil
        case .place(let number): try transaction.hold(StoredBooks.id(number)) != nil
        case .extend(let number): try transaction.hold(StoredBooks.id(number))?.amount == 90
        case .capture: false
        case .release(let number):
            try transaction.hold(StoredBooks.id(number))?.state == .released
        case .refund(let number): try transaction.hold(StoredBooks.id(number))?.refunded != nil
        case .deposit(let number, let tale):
            (try transaction.deposit(.sample(number))?.stepCount ?? 0) >= tale.step
        }
    }

    fileprivate func write(_ transaction: inout SQLiteTransaction) throws {
        let now = Timestamp.second(10)
        switch self {
        case .grant(let number):
            let customer = CustomerID("c\(number % 3)")
            _ = try transaction.give(.sample("\(number)", to: customer, 1000), at: now)
        case .place(let number):
            let request = HoldRequest.sample(
                StoredBooks.id(number),
                of: CustomerID("c\(number % 3)"),
                60,
            )
            _ = try transaction.placeHold(request, solRate: nil)
        case .extend(let number):
            _ = try transaction.extendHold(StoredBooks.id(number), to: 90, within: [], at: now)
        case .capture(let number, let charge):
            guard let hold = try transaction.hold(StoredBooks.id(number)), hold.state == .open
            else {
                throw LedgerError.holdNotFound(StoredBooks.id(number))
            }
            let sample = try SampleSettlement(hold, DiskSimulationUsage.costing(charge), at: now)
            _ = try transaction.captureHold(hold.id, sample.settlement, at: now)
            try transaction.append(sample.receipt)
        case .release(let number): try transaction.releaseHold(StoredBooks.id(number), at: now)
        case .refund(let number):
            _ = try transaction.give(Refund(of: StoredBooks.id(number), 1, reason: ""), at: now)
        case .deposit(let number, let tale): try tell(tale, of: number, &transaction)
        }
    }

    /// A tale out of its order is refused here, so that each one told has its own transfers.
    private func tell(
        _ tale: DepositTale,
        of number: Int,
        _ transaction: inout SQLiteTransaction,
    ) throws {
        let now = Timestamp.second(10)
        let event = DepositEvent.sample(1000, .usd, for: CustomerID("c\(number % 3)"))
        let steps = try transaction.deposit(.sample(number))?.stepCount ?? 0
        switch tale {
        case .arrival: try transaction.observe(.sample(number, event), at: now)
        case .drop:
            guard steps >= 2 else { throw LedgerError.transferExistsWithDifferentContent("") }
            try transaction.dropped(.sample(number), from: .sample(1), at: now)
        case .comeback:
            guard steps >= 3 else { throw LedgerError.transferExistsWithDifferentContent("") }
            try transaction.observe(.sample(number, event, block: 2), at: now)
        }
    }
}

/// Usage of the sample model by what it costs.
private enum DiskSimulationUsage {
    /// At 4.4 USD a million tokens of output and none of input; multiples of 22 come out even.
    static func costing(_ microdollars: Int64) -> Usage {
        Usage([.output: microdollars * 1_000_000 / 4_400_000])
    }
}
