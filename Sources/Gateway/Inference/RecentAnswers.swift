import Crypto
package import HTTPTypes
import Identity
package import NIOCore
package import Primitives
package import Providers
import Synchronization

/// How many bytes of answers are kept for retries, over all of them and of one.
package final class ReplayBudget: Sendable {
    let total: Int
    private let each: Int
    private let taken = Mutex(0)
    private let evictor = Mutex<(@Sendable () -> Bool)?>(nil)

    package init(total: Int, each: Int) {
        self.total = total
        self.each = each
    }

    /// - Parameter evict: lets go of the oldest answer that has ended; `false` where there is none.
    func makeRoom(by evict: @escaping @Sendable () -> Bool) { evictor.withLock { $0 = evict } }

    /// Takes bytes, in the place of older answers where there is no room.
    ///
    /// - Returns: whether `bytes` more may be kept of an answer that has `having` already.
    func take(_ bytes: Int, having: Int) -> Bool {
        guard having + bytes <= each, bytes <= total else { return false }
        while true {
            let isTaken = taken.withLock { taken in
                guard taken + bytes <= total else { return false }
                taken += bytes
                return true
            }
            if isTaken { return true }
            guard let evict = evictor.withLock({ $0 }), evict() else { return false }
        }
    }

    func giveBack(_ bytes: Int) { taken.withLock { $0 -= bytes } }
}

/// What makes a request the retry of another: its key, and an id of the agent's or the same body.
package struct RetryIdentity: Hashable, Sendable {
    /// A digest of the key, and of the `Idempotency-Key` or, where there is none, the body: of one
    /// size, however long they are.
    fileprivate let name: SHA256.Digest
    fileprivate let bodyDigest: SHA256.Digest
    /// Whether the agent says that it asked before.
    fileprivate let isRetry: Bool
    /// Whether the agent gave it an id of its own.
    fileprivate let isNamed: Bool

    /// Reads the identity off a request; `nil` where the agent gives none.
    ///
    /// The official SDKs send `x-stainless-retry-count` with every attempt, 0 with the first.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)`` for an `Idempotency-Key` that is empty or
    ///   longer than 255 bytes.
    package init?(
        _ headers: HTTPFields,
        _ dialect: Dialect,
        _ body: ByteBuffer,
        of key: KeyID,
    ) throws(GatewayError) {
        let idempotencyKey = headers[.idempotencyKey]
        let retries = headers[.retryCount].flatMap { Int($0) }
        guard idempotencyKey != nil || retries != nil else { return nil }
        if let idempotencyKey, !(1...255).contains(idempotencyKey.utf8.count) {
            throw .invalidParameter("Idempotency-Key")
        }
        var hash = SHA256()
        hash.update(data: Array(dialect.rawValue.utf8))
        body.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        bodyDigest = hash.finalize()
        var naming = SHA256()
        // What the agent chose comes last, so that no two of them read the same.
        naming.update(data: Array("\(key.description.utf8.count) \(key) ".utf8))
        if let idempotencyKey {
            naming.update(data: Array("id \(idempotencyKey)".utf8))
        } else {
            naming.update(data: Array("body ".utf8))
            naming.update(data: Array(bodyDigest))
        }
        name = naming.finalize()
        isNamed = idempotencyKey != nil
        isRetry = isNamed || (retries ?? 0) > 0
    }
}

/// The answers that run or have just ended, so that a retry gets the first one's and pays once.
///
/// They are kept in memory only, bounded in bytes and in time; the oldest make room for newer ones.
/// That a request was asked is remembered even where its answer is not kept: its retry is refused,
/// not charged again. What is remembered so has a bound of its own, in records, far above what the
/// answers have room for; beyond it the oldest is forgotten, and its retry is a request of its own.
///
/// An answer's lock may be held where this one's is taken, and never the other way round.
package final class RecentAnswers: Sendable {
    private struct Entry {
        let bodyDigest: SHA256.Digest
        /// `nil` where it ended and is not kept.
        var answer: Downstream?
        /// Of an answer that ended.
        var receipt: String?
    }

    /// What a request finds.
    package enum Claim: Sendable {
        /// It is the first; the answer that it will be given is registered.
        case first(Downstream)
        case retry(of: Downstream)
    }

    private struct State {
        var entries: [SHA256.Digest: Entry] = [:]
        var finished = FinishedAnswers()

        /// Forgets what has expired, and the oldest where there are more than `most`.
        ///
        /// - Returns: the answers to let go of.
        mutating func sweep(at now: Timestamp, most: Int) -> [Downstream] {
            var gone: [Downstream] = []
            while let oldest = finished.oldest, oldest.expiry < now || entries.count > most {
                finished.removeOldest()
                guard let entry = entries[oldest.name], entry.receipt == oldest.receipt else {
                    continue
                }
                entries[oldest.name] = nil
                if let answer = entry.answer { gone.append(answer) }
            }
            return gone
        }

        /// Takes the oldest answer that is kept, and leaves that there was one.
        mutating func evict() -> Downstream? {
            while let item = finished.takeOldestKept() {
                guard let entry = entries[item.name], entry.receipt == item.receipt,
                    let answer = entry.answer
                else { continue }
                entries[item.name]?.answer = nil
                return answer
            }
            return nil
        }
    }

    private let state = Mutex(State())
    private let budget: ReplayBudget
    private let lifetime: Duration
    private let mostRemembered: Int

    /// - Parameters:
    ///   - budget: how much is kept of answers; a total of 0 keeps and remembers nothing.
    ///   - lifetime: how long an answer that ended is kept, and remembered.
    ///   - mostRemembered: how many requests are remembered.
    package init(budget: ReplayBudget, lifetime: Duration, mostRemembered: Int) {
        self.budget = budget
        self.lifetime = lifetime
        self.mostRemembered = mostRemembered
        budget.makeRoom { [weak self] in self?.evictOldest() ?? false }
    }

    private func evictOldest() -> Bool {
        guard let answer = state.withLock({ $0.evict() }) else { return false }
        answer.forget()
        return true
    }

    /// Finds the answer that a request repeats, or registers the one that it will get.
    ///
    /// It looks before it takes room for an answer: asking again makes no other answer leave.
    ///
    /// - Throws: ``GatewayError/idempotencyConflict`` where the id was used with another body,
    ///   ``GatewayError/answerNotKept(_:)`` where the answer is not kept to be given again.
    package func claim(
        _ identity: RetryIdentity?,
        at now: Timestamp,
    ) throws(GatewayError) -> Claim {
        guard let identity, budget.total > 0 else { return .first(Downstream()) }
        var own: Downstream?
        while true {
            guard let found = find(identity, orRegister: own, at: now) else {
                if let own { return .first(own) }
                own = Downstream(keepingWithin: budget)
                continue
            }
            // Another was the first meanwhile.
            own?.forget()
            own = nil
            guard found.bodyDigest == identity.bodyDigest else { throw .idempotencyConflict }
            if let first = found.answer, first.isKept { return .retry(of: first) }
            // What was forgotten meanwhile came to nothing, and this request may be the first.
            guard isRemembered(found, as: identity) else { continue }
            throw .answerNotKept(found.receipt ?? found.answer?.receipt)
        }
    }

    /// The request that this one repeats; where there is none, registers `answer`, if there is one.
    private func find(
        _ identity: RetryIdentity,
        orRegister answer: Downstream?,
        at now: Timestamp,
    ) -> Entry? {
        let (found, gone) = state.withLock { state -> (Entry?, [Downstream]) in
            var gone = state.sweep(at: now, most: mostRemembered)
            if identity.isRetry, let entry = state.entries[identity.name] { return (entry, gone) }
            guard let answer else { return (nil, gone) }
            if let replaced = state.entries[identity.name]?.answer { gone.append(replaced) }
            state.entries[identity.name] = Entry(bodyDigest: identity.bodyDigest, answer: answer)
            return (nil, gone)
        }
        for answer in gone { answer.forget() }
        return found
    }

    private func isRemembered(_ found: Entry, as identity: RetryIdentity) -> Bool {
        state.withLock { state in
            guard let entry = state.entries[identity.name] else { return false }
            return entry.answer == nil || entry.answer === found.answer
        }
    }

    /// An answer has ended.
    ///
    /// Retries of one that is whole are given it for its lifetime. One that broke off and was charged
    /// is nobody's answer: under an `Idempotency-Key` it is remembered, so that nothing is charged
    /// twice under one; else a retry is a request of its own, as is that of one that cost nothing.
    package func end(
        _ identity: RetryIdentity?,
        _ answer: Downstream,
        _ end: AnswerEnd,
        receipt: InferenceID,
        at now: Timestamp,
    ) {
        guard let identity else { return }
        switch end {
        case .whole: remember(identity, answer, isKept: answer.isKept, receipt, at: now)
        case .partial where identity.isNamed && budget.total > 0:
            remember(identity, answer, isKept: false, receipt, at: now)
            answer.forget()
        case .partial, .nothing: forget(identity, answer)
        }
    }

    private func remember(
        _ identity: RetryIdentity,
        _ answer: Downstream,
        isKept: Bool,
        _ receipt: InferenceID,
        at now: Timestamp,
    ) {
        state.withLock { state in
            guard state.entries[identity.name]?.answer === answer else { return }
            state.entries[identity.name]?.receipt = receipt.description
            if !isKept { state.entries[identity.name]?.answer = nil }
            state.finished.append(
                (identity.name, receipt.description, now.advanced(by: lifetime))
            )
        }
    }

    /// There is no answer worth repeating: a retry is a request of its own.
    package func forget(_ identity: RetryIdentity?, _ answer: Downstream) {
        guard let identity else { return }
        state.withLock { state in
            guard state.entries[identity.name]?.answer === answer else { return }
            state.entries[identity.name] = nil
        }
        answer.forget()
    }
}

/// The answers that have ended, the oldest first; all live equally long, so that is also the order in
/// which they expire.
private struct FinishedAnswers {
    typealias Item = (name: SHA256.Digest, receipt: String?, expiry: Timestamp)

    private var items: [Item] = []
    private var start = 0
    /// Up to here they were let go of to make room.
    private var evicted = 0

    var oldest: Item? { start < items.count ? items[start] : nil }

    mutating func append(_ item: Item) { items.append(item) }

    mutating func removeOldest() {
        start += 1
        guard start > 1024, start * 2 > items.count else { return }
        items.removeFirst(start)
        evicted = max(0, evicted - start)
        start = 0
    }

    mutating func takeOldestKept() -> Item? {
        evicted = max(evicted, start)
        guard evicted < items.count else { return nil }
        defer { evicted += 1 }
        return items[evicted]
    }
}

extension HTTPField.Name {
    package static let idempotencyKey = known("idempotency-key")
    package static let retryCount = known("x-stainless-retry-count")
    static let replayed = known("idempotent-replayed")
}
