import FoundationEssentials
import GatewayTestKit
import Glibc
import Ledger
import Primitives
import Simulation
import StoreSQLite

/// Flips one bit anywhere in a database's files, again and again, and looks whether the audit says so.
struct RotRun {
    /// What a flip came to.
    enum Verdict: String, CaseIterable {
        /// The opening or the audit said so.
        case found
        /// Everything reads as before.
        case harmless
        /// Something reads differently, and nothing said so.
        case missed
    }

    /// Where a bit flips.
    enum Place: String, CaseIterable {
        /// The database of a gateway that was stopped: all there is.
        case database
        /// The database of a gateway that was killed, of which a part is newer in the log.
        case databaseBeneathLog = "database beneath a log"
        /// The log of a gateway that was killed.
        case log
        /// The log of a gateway that runs: those who join it do not look it over.
        case logInUse = "log in use"
    }

    private let folder: String
    private let options: DiskOptions
    private var dice: Dice
    private var counts: [Place: [Verdict: Int]] = [:]

    init(_ options: DiskOptions, in folder: String) {
        self.options = options
        self.folder = folder
        dice = Dice(seed: options.seed)
    }

    mutating func run() async throws {
        let books = try await RottingBooks.write(in: folder)
        try await requireSound(books)
        for number in 0..<options.flips {
            let place = dice.oneIn(2) ? .database : dice.pick(Place.allCases)
            let bit = dice.below(books.content(of: place).count * 8)
            let verdict = try await judge(books, place, bit: bit)
            counts[place, default: [:]][verdict, default: 0] += 1
            if verdict == .missed {
                print("FAILED: bit \(bit) of the \(place.rawValue): it reads otherwise, and unsaid")
                print("make simulate WORLD=rot SEED=\(options.seed) FLIPS=\(number + 1)")
                exit(1)
            }
        }
        for place in Place.allCases {
            let told = Verdict.allCases.map { "\($0) \(counts[place]?[$0] ?? 0)" }
            print("rot: \(place.rawValue): \(told.joined(separator: ", "))")
        }
        let told = Verdict.allCases.map { "\($0) \(sum($0))" }
        print("rot: \(options.flips) flips, \(told.joined(separator: ", "))")
    }

    /// Without a flip nothing is found: else every flip would be, whatever it does.
    private func requireSound(_ books: RottingBooks) async throws {
        for place in Place.allCases {
            let verdict = try await judge(books, place, bit: nil)
            guard verdict != .harmless else { continue }
            print("FAILED: the books are \(verdict) without a flip in the \(place.rawValue)")
            exit(1)
        }
    }

    private func sum(_ verdict: Verdict) -> Int {
        counts.values.reduce(0) { $0 + ($1[verdict] ?? 0) }
    }

    private func judge(
        _ books: RottingBooks,
        _ place: Place,
        bit: Int?,
    ) async throws -> Verdict {
        let path = "\(folder)/copy.db"
        for name in ["", "-wal", "-shm", ".mark"] { unlink(path + name) }
        try write(books.mark, to: path + ".mark")
        if place == .database {
            try write(books.closed, to: path)
        } else {
            try write(books.database, to: path)
            try write(books.log, to: path + "-wal")
        }
        let isInUse = place == .logInUse
        let user = isInUse ? try SQLiteStore.open(.file(path), access: .readOnly) : nil
        try await user?.read { _ = try $0.openHoldCount() }
        if let bit { try flip(bit, of: place == .log || isInUse ? path + "-wal" : path) }
        let verdict = await look(at: path, books)
        try await user?.close()
        return verdict
    }

    private func look(at path: String, _ books: RottingBooks) async -> Verdict {
        do {
            let store = try SQLiteStore.open(.file(path), access: .readOnly)
            let state = try await store.read { transaction in
                _ = try BooksAudit(&transaction)
                return try BooksState(&transaction)
            }
            try await store.close()
            return state == books.last ? .harmless : .missed
        } catch {
            return .found
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    private func flip(_ bit: Int, of path: String) throws {
        let file = Glibc.open(path, O_RDWR)
        guard file >= 0 else { throw RotError.noFile(path) }
        defer { Glibc.close(file) }
        var byte: UInt8 = 0
        guard pread(file, &byte, 1, bit / 8) == 1 else { throw RotError.noFile(path) }
        byte ^= 1 << UInt8(bit % 8)
        guard pwrite(file, &byte, 1, bit / 8) == 1 else { throw RotError.noFile(path) }
    }
}

private enum RotError: Error {
    case noFile(String)
}

/// The files of books of which a part is in the database and the rest in its log.
private struct RottingBooks {
    let database: [UInt8]
    let log: [UInt8]
    /// The database after a stop, which leaves no log.
    let closed: [UInt8]
    /// What remembers how many commits were answered.
    let mark: [UInt8]
    /// What is there after the last commit.
    let last: BooksState

    static func write(in folder: String) async throws -> RottingBooks {
        let path = "\(folder)/farebox.db"
        let first = try SQLiteStore.open(.file(path), access: .exclusive)
        try await first.write(.durable) { try SampleBooks.open(&$0) }
        for step in 0..<200 { try await first.write(.durable) { try work(step, &$0) } }
        try await first.close()
        let store = try SQLiteStore.open(.file(path), access: .exclusive)
        for step in 200..<220 { try await store.write(.durable) { try work(step, &$0) } }
        let last = try await store.read { try BooksState(&$0) }
        // The files as a process that is killed leaves them, and as one that is stopped.
        let database = Array(try Data(contentsOf: URL(filePath: path)))
        let log = Array(try Data(contentsOf: URL(filePath: path + "-wal")))
        try await store.close()
        return RottingBooks(
            database: database,
            log: log,
            closed: Array(try Data(contentsOf: URL(filePath: path))),
            mark: Array(try Data(contentsOf: URL(filePath: path + ".mark"))),
            last: last,
        )
    }

    func content(of place: RotRun.Place) -> [UInt8] {
        switch place {
        case .database: closed
        case .databaseBeneathLog: database
        case .log, .logInUse: log
        }
    }

    /// One write; every fifth ends or refunds what was begun before.
    private static func work(_ step: Int, _ books: inout SQLiteTransaction) throws {
        let id = InferenceID("inf_\(1000 + step / 5)")
        let customer = SampleBooks.customers[step / 5 % SampleBooks.customers.count]
        let now = Timestamp.second(Int64(step) * 20_000)
        switch (step % 5, step / 5 % 4) {
        case (0, _):
            _ = try books.give(.sample("\(step)", to: customer, 1000), at: now)
            try SampleBooks.place(id, of: customer, 30_000, &books)
        case (1, _): _ = try books.extendHold(id, to: 60_000, within: [], at: now)
        case (2, 0), (2, 1): try SampleBooks.capture(id, tokens: 5000, at: now, &books)
        case (2, 2): try books.releaseHold(id, at: now)
        case (2, _): try books.renewHolds([id], until: .distantFuture)
        case (3, 0):
            _ = try books.give(Refund(of: id, 11_000, reason: "it was bad"), at: now)
        case (3, _): _ = try books.give(.sample("\(step)", to: customer, 1000, .sol), at: now)
        case (_, _):
            let other = InferenceID("inf_\(2000 + step)")
            try SampleBooks.place(
                other,
                of: customer,
                500,
                lease: .second(step % 2 == 0 ? 1 : 99),
                &books,
            )
            _ = try books.expireHolds(leasedBefore: .second(50), except: [], at: now)
        }
    }
}
