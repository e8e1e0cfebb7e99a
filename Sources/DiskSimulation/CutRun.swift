import GatewayTestKit
import Ledger
import Primitives
import SimulatedDisk
import StoreSQLite

/// Cuts the power at every write and sync of each verb, of making the database and of opening it.
///
/// After each cut the books are as before the verb or as after it, after it where it was answered as
/// durable, and asking again under the same id leaves them as after it.
struct CutRun {
    /// One verb on books that are ready for it.
    struct Verb: Sendable {
        let name: String
        var durability = Durability.durable
        let prepare: @Sendable (inout SQLiteTransaction) throws -> Void
        let write: @Sendable (inout SQLiteTransaction) throws -> Void
    }

    /// What became of one verb in one life of the process.
    private enum End {
        case answered
        case unanswered
    }

    /// How often each cut tears what was not synced, each time otherwise.
    private static let tears: UInt64 = 2

    private let location: SQLiteLocation
    private var disk: SavedDisk
    private var positions = 0
    private var images = 0

    init(at location: SQLiteLocation) {
        self.location = location
        disk = SavedDisk(at: location)
    }

    mutating func run() async throws {
        // A log that is long enough is moved into the database within the commit.
        for checkpointPages in [LogCheckpoint.pages, 1] {
            disk.format()
            disk.save(.start)
            try await cut(making, checkpointPages)
            let verbs = CutRun.verbs + CutRun.depositVerbs + CutRun.withdrawalVerbs
            for (index, verb) in verbs.enumerated() {
                try await prepare(verb)
                // One opening is as good as another.
                try await cut(verb, checkpointPages, inOpening: index == 0)
            }
        }
        print("cuts: \(positions) positions, \(images) power cuts, 0 lost, 0 doubled, 0 unsound")
    }

    /// Making the database: its migrations, without a write of ours.
    private var making: Verb {
        Verb(name: "making the database", prepare: { _ in }, write: { _ in })
    }

    private mutating func prepare(_ verb: Verb) async throws {
        disk.format()
        let store = try SQLiteStore.open(location, access: .exclusive)
        try await store.write(.durable) { try SampleBooks.open(&$0) }
        try await store.write(.durable) { try verb.prepare(&$0) }
        try await store.close()
        disk.save(.start)
    }

    private mutating func cut(
        _ verb: Verb,
        _ checkpointPages: Int,
        inOpening: Bool = true,
    ) async throws {
        let (old, new, opening) = try await states(around: verb)
        var position = inOpening ? 0 : opening
        while true {
            position += 1
            disk.restore(.start)
            disk_set_faults(.power(at: position))
            let end = await live(verb, checkpointPages)
            // The whole life passed: there is nothing left to cut.
            if disk_is_dead() == 0 { break }
            positions += 1
            disk.save(.crash)
            for image in 0..<(2 + CutRun.tears) {
                let mode = [DISK_DROPS_UNSYNCED, DISK_KEEPS_UNSYNCED, DISK_TEARS_UNSYNCED][
                    Int(min(image, 2))
                ]
                disk.restore(.crash)
                disk_cut_power(UInt64(position) << 8 | image, mode)
                images += 1
                do {
                    try await recover(verb, end, old, new)
                } catch {
                    throw CutError.wrong(
                        "\(verb.name), cut at \(position), image \(image): \(error)"
                    )
                }
            }
        }
    }

    /// What the books are before and after a verb, with nothing in its way, and how often the disk is written
    /// and synced until they are open.
    private func states(
        around verb: Verb
    ) async throws -> (old: BooksState, new: BooksState, opening: Int) {
        disk.restore(.start)
        let store = try SQLiteStore.open(location, access: .exclusive)
        let opening = disk_io_count()
        let old = try await store.read { try BooksState(&$0) }
        try await store.write(verb.durability) { try verb.write(&$0) }
        let new = try await store.read { try BooksState(&$0) }
        try await store.close()
        return (old, new, opening)
    }

    /// Opens, writes and closes, as far as the power lasts.
    private func live(_ verb: Verb, _ checkpointPages: Int) async -> End {
        var end = End.unanswered
        guard
            let store = try? SQLiteStore.open(
                location,
                access: .exclusive,
                checkpointPages: checkpointPages,
            )
        else { return end }
        do {
            try await store.write(verb.durability) { try verb.write(&$0) }
            end = .answered
            try await store.close()
        } catch {
            store.abandon()
        }
        return end
    }

    private func recover(
        _ verb: Verb,
        _ end: End,
        _ old: BooksState,
        _ new: BooksState,
    ) async throws {
        let store = try SQLiteStore.open(location, access: .exclusive)
        let found = try await state(of: store)
        guard found == old || found == new else { throw CutError.wrong("neither before nor after") }
        if end == .answered, verb.durability == .durable, found != new {
            throw CutError.wrong("LOST what was answered")
        }
        try await store.write(verb.durability) { try verb.write(&$0) }
        guard try await state(of: store) == new else {
            throw CutError.wrong("DOUBLED when retried")
        }
        try await store.close()
    }

    private func state(of store: SQLiteStore) async throws -> BooksState {
        try await store.read { transaction in
            _ = try BooksAudit(&transaction)
            return try BooksState(&transaction)
        }
    }
}

extension DiskFaults {
    /// The power fails at one write, sync or truncation, and nothing before.
    fileprivate static func power(at position: Int) -> DiskFaults {
        DiskFaults(
            power_at_io: position,
            eio_at_sync: -1,
            full_at_write: -1,
            lies_about_syncs: 0,
        )
    }
}

private enum CutError: Error {
    case wrong(String)
}
