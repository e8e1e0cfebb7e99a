import Gateway
import GatewayTestKit
import Primitives
import Simulation
import Synchronization

/// A store whose commits wait for each other, are batched, reach the disk later than they are seen,
/// fail, and can lose what no sync has covered.
final class SimulatedStore: GatewayStore {
    typealias Transaction = MemoryTransaction

    private struct Job: Sendable {
        let durability: Durability
        /// Runs the body; what it wrote stays only if it returned.
        let run: @Sendable (inout MemoryTransaction) -> (@Sendable () -> Void)
        let refuse: @Sendable (StoreError) -> Void
    }

    private struct State {
        var books: MemoryBooks
        /// What a power cut may leave: the state of the last sync, and every one after it.
        var survivors: [MemoryBooks]
        var waiting: [Job] = []
        /// The process ended.
        var isDead = false
        /// A commit failed: nothing more is written.
        var hasFailed = false
        /// How many commits are left until one fails.
        var commitsLeft: Int
        var dice: Dice
        var audit = LifeAudit()
    }

    private let state: Mutex<State>
    private let jobs: AsyncStream<Void>
    private let work: AsyncStream<Void>.Continuation
    private let complain: @Sendable (String) -> Void
    private let onFailure: @Sendable () -> Void

    /// Begins with what a disk holds, and audits it.
    ///
    /// The commit of number `failing` fails, whether it reached the disk or not, and `onFailure` is
    /// called. `complain` is told what is wrong with the books, at once and after each write.
    init(
        _ books: MemoryBooks,
        seed: UInt64,
        failing: Int?,
        complain: @escaping @Sendable (String) -> Void,
        onFailure: @escaping @Sendable () -> Void,
    ) {
        (jobs, work) = AsyncStream.makeStream(of: Void.self)
        (self.complain, self.onFailure) = (complain, onFailure)
        var audit = LifeAudit()
        if let problem = audit.begin(books) { complain("what the disk kept: \(problem)") }
        state = Mutex(
            State(
                books: books,
                survivors: [books],
                commitsLeft: failing ?? .max,
                dice: Dice(seed: seed),
                audit: audit,
            )
        )
    }

    var books: MemoryBooks { state.withLock(\.books) }
    /// Whether the process has ended.
    var isDead: Bool { state.withLock(\.isDead) }
    /// Whether a commit failed, so that the process must end.
    var hasFailed: Bool { state.withLock(\.hasFailed) }
    /// How far the audit of each write has come.
    var audit: LifeAudit { state.withLock(\.audit) }

    /// The process ends here: nothing is answered any more.
    ///
    /// - Returns: what the next process finds on the disk.
    func crash() -> MemoryBooks {
        let (left, waiting) = state.withLock { state in
            let left = state.dice.pick(state.survivors)
            state.survivors = [left]
            state.isDead = true
            defer { state.waiting = [] }
            return (left, state.waiting)
        }
        for job in waiting { job.refuse(.stopped) }
        return left
    }

    func write<Outcome: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (inout MemoryTransaction) throws -> Outcome,
    ) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job(durability: durability) { transaction in
                let before = transaction
                let result = Result { try body(&transaction) }
                if case .failure = result { transaction = before }
                return { continuation.resume(with: result) }
            } refuse: {
                continuation.resume(throwing: $0)
            }
            let isRefused = state.withLock { state in
                guard !state.isDead, !state.hasFailed else { return true }
                state.waiting.append(job)
                return false
            }
            if isRefused { job.refuse(.stopped) } else { work.yield() }
        }
    }

    func read<Outcome: Sendable>(
        _ body: @escaping @Sendable (inout MemoryTransaction) throws -> Outcome
    ) async throws -> Outcome {
        await Task.yield()
        var transaction = MemoryTransaction(books, mayWrite: false)
        return try body(&transaction)
    }

    /// Commits what is written, until ``finish()``.
    func run() async {
        for await _ in jobs {
            await Task.yield()
            await commitBatch()
        }
    }

    /// No more is written.
    func finish() { work.finish() }

    /// Runs one write of a batch, and looks at what it made of the books.
    private func run(
        _ job: Job,
        on transaction: inout MemoryTransaction,
        auditedBy audit: inout LifeAudit,
    ) -> @Sendable () -> Void {
        let before = transaction
        let answer = job.run(&transaction)
        if let problem = audit.follow(transaction, after: before) {
            complain("after write \(audit.steps): \(problem)")
        }
        return answer
    }

    /// Commits some of what waits, in steps between which anything may happen.
    private func commitBatch() async {
        let batch = state.withLock { state -> [Job] in
            guard !state.waiting.isEmpty else { return [] }
            let count = 1 + state.dice.below(state.waiting.count)
            defer { state.waiting.removeFirst(count) }
            return Array(state.waiting.prefix(count))
        }
        guard !batch.isEmpty else { return }
        await Task.yield()
        let answers = state.withLock { state -> [@Sendable () -> Void]? in
            guard !state.isDead, !state.hasFailed else { return nil }
            var transaction = MemoryTransaction(state.books, mayWrite: true)
            let answers = batch.map { run($0, on: &transaction, auditedBy: &state.audit) }
            state.commitsLeft -= 1
            if state.commitsLeft == 0 {
                state.hasFailed = true
                if state.dice.oneIn(2) { state.survivors.append(transaction.books) }
                return nil
            }
            state.books = transaction.books
            state.survivors.append(transaction.books)
            return answers
        }
        await Task.yield()
        let isAlive = state.withLock { state in
            guard !state.isDead else { return false }
            if batch.contains(where: { $0.durability == .durable }) {
                state.survivors = Array(state.survivors.suffix(1))
            }
            return true
        }
        guard let answers, isAlive else {
            if hasFailed, !isDead { onFailure() }
            for job in batch { job.refuse(.commitFailed("the simulation asked for it")) }
            return
        }
        for answer in answers { answer() }
    }
}
