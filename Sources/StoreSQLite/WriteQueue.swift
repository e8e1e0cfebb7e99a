import GRDB
import Primitives
import Synchronization

/// Collects writes while a commit is on its way and commits them together in the next one.
///
/// One commit a batch, not one a write: a sync to the disk takes as long for one as for a hundred.
final class WriteQueue: Sendable {
    /// How many writes one commit takes at most; it bounds how long the last of them waits.
    static let largestBatch = 256

    private struct State {
        var waiting: [WriteJob] = []
        var isDraining = false
        var refusal: StoreError?
        var commits = 0
        var writes = 0
        var whenDrained: [CheckedContinuation<Void, Never>] = []
    }

    private enum Admission {
        case refused(StoreError)
        case first
        case behindOthers
    }

    private let state = Mutex(State())
    private let writer: any DatabaseWriter
    private let chain: String
    private let rowsKept: Int
    private let mark: CommitMark?
    private let loaded = Mutex(LoadedRows())
    private let onFailure: @Sendable (StoreError) -> Void

    init(
        _ writer: any DatabaseWriter,
        chain: String,
        rowsKept: Int,
        mark: CommitMark?,
        onFailure: @escaping @Sendable (StoreError) -> Void,
    ) {
        self.writer = writer
        self.chain = chain
        self.rowsKept = rowsKept
        self.mark = mark
        self.onFailure = onFailure
    }

    var isStopped: Bool { state.withLock { $0.refusal != nil } }
    /// How many batches and how many writes were committed.
    var counts: (commits: Int, writes: Int) { state.withLock { ($0.commits, $0.writes) } }

    /// How many writes wait for the next batch.
    var waitingCount: Int { state.withLock(\.waiting.count) }

    func add(_ job: WriteJob) {
        let admission = state.withLock { state -> Admission in
            if let refusal = state.refusal { return .refused(refusal) }
            state.waiting.append(job)
            guard !state.isDraining else { return .behindOthers }
            state.isDraining = true
            return .first
        }
        switch admission {
        case .refused(let refusal): job.refuse(refusal)
        case .first: drain()
        case .behindOthers: break
        }
    }

    /// Leaves the mark alone from now on.
    func closeMark() { mark?.close() }

    /// Refuses every later write and returns when those that wait have been answered.
    func finish() async {
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                state.refusal = state.refusal ?? .stopped
                guard state.isDraining else { return true }
                state.whenDrained.append(continuation)
                return false
            }
            if isDrained { continuation.resume() }
        }
    }

    private func drain() {
        writer.asyncWriteWithoutTransaction { database in self.commitNextBatch(database) }
    }

    /// Runs on the writer's queue, one batch after the other.
    private func commitNextBatch(_ database: Database) {
        let batch = state.withLock { state in
            let batch = Array(state.waiting.prefix(WriteQueue.largestBatch))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        do {
            var rows = loaded.withLock { $0.taken() }
            let (answers, count) = try WriteBatch(batch, chain: chain, rowsKept: rowsKept)
                .commit(to: database, &rows)
            loaded.withLock { [rows] loaded in loaded = rows }
            if let count { mark?.write(count) }
            state.withLock { state in
                state.commits += 1
                state.writes += batch.count
            }
            goOn()
            for answer in answers { answer() }
        } catch {
            stop(after: error, batch)
        }
    }

    /// Starts the next batch, or tells whoever waits for the end that there is none.
    private func goOn() {
        let drained = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
            guard state.waiting.isEmpty else { return nil }
            state.isDraining = false
            defer { state.whenDrained = [] }
            return state.whenDrained
        }
        guard let drained else { return drain() }
        for continuation in drained { continuation.resume() }
    }

    /// Answers everybody, and takes no further write: what is on the disk is unknown until a
    /// restart has looked.
    private func stop(after error: any Error, _ batch: [WriteJob]) {
        let failure = StoreError.commitFailed("\(error)")
        let waiting = state.withLock { state in
            state.refusal = .stopped
            defer { state.waiting = [] }
            return state.waiting
        }
        onFailure(failure)
        for job in batch { job.refuse(failure) }
        for job in waiting { job.refuse(.stopped) }
        goOn()
    }
}
