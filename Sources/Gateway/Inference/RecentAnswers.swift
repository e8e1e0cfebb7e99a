import Crypto
package import HTTPTypes
import Identity
package import NIOCore
package import Primitives
package import Providers
import Synchronization

/// How many bytes of answers are kept for retries, over all of them and of one.
package final class ReplayBudget: Sendable {
    private let total: Int
    private let each: Int
    private let taken = Mutex(0)

    package init(total: Int, each: Int) {
        self.total = total
        self.each = each
    }

    /// - Returns: whether `bytes` more may be kept of an answer that has `having` already.
    func take(_ bytes: Int, having: Int) -> Bool {
        guard having + bytes <= each else { return false }
        return taken.withLock { taken in
            guard taken + bytes <= total else { return false }
            taken += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) { taken.withLock { $0 -= bytes } }
}

/// What makes a request the retry of another: its key, and an id of the agent's or the same body.
package struct RetryIdentity: Hashable, Sendable {
    fileprivate struct Name: Hashable {
        let key: KeyID
        /// The `Idempotency-Key`; `nil` where the body alone identifies the request.
        let idempotencyKey: String?
        let bodyDigest: [UInt8]?
    }

    fileprivate let name: Name
    fileprivate let bodyDigest: [UInt8]
    /// Whether the agent says that it asked before.
    fileprivate let isRetry: Bool

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
        bodyDigest = Array(hash.finalize())
        name = Name(
            key: key,
            idempotencyKey: idempotencyKey,
            bodyDigest: idempotencyKey == nil ? bodyDigest : nil,
        )
        isRetry = idempotencyKey != nil || (retries ?? 0) > 0
    }
}

/// The answers that run or have just ended, so that a retry gets the first one's and pays once.
///
/// They are kept in memory only, bounded in bytes and in time.
package final class RecentAnswers: Sendable {
    private struct Entry {
        let bodyDigest: [UInt8]
        let answer: Downstream
        /// When a finished answer is forgotten.
        var expiry: Timestamp?
    }

    /// What a request finds.
    package enum Claim: Sendable {
        /// It is the first; the answer that it will be given is registered.
        case first(Downstream)
        case retry(of: Downstream)
    }

    private struct State {
        var entries: [RetryIdentity.Name: Entry] = [:]
        var sweepAt = Timestamp(microseconds: 0)

        /// Forgets what has expired; once in a while, for it looks at every entry.
        mutating func sweep(at now: Timestamp) {
            guard now >= sweepAt else { return }
            sweepAt = now.advanced(by: .seconds(1))
            for (name, entry) in entries where (entry.expiry ?? now) < now {
                entry.answer.forget()
                entries[name] = nil
            }
        }
    }

    private let state = Mutex(State())
    private let budget: ReplayBudget
    private let lifetime: Duration

    package init(budget: ReplayBudget, lifetime: Duration) {
        self.budget = budget
        self.lifetime = lifetime
    }

    /// Finds the answer that a request repeats, or registers the one that it will get.
    ///
    /// - Throws: ``GatewayError/idempotencyConflict`` where the id was used with another body.
    package func claim(
        _ identity: RetryIdentity?,
        at now: Timestamp,
    ) throws(GatewayError) -> Claim {
        guard let identity else { return .first(Downstream()) }
        let answer = Downstream(keepingWithin: budget)
        let (found, isConflict) = state.withLock { state -> (Downstream?, Bool) in
            state.sweep(at: now)
            if let entry = state.entries[identity.name], identity.isRetry, entry.answer.isKept,
                (entry.expiry ?? now) >= now
            {
                guard entry.bodyDigest == identity.bodyDigest else { return (nil, true) }
                return (entry.answer, false)
            }
            state.entries[identity.name]?.answer.forget()
            state.entries[identity.name] = Entry(bodyDigest: identity.bodyDigest, answer: answer)
            return (nil, false)
        }
        if isConflict { throw .idempotencyConflict }
        return found.map { .retry(of: $0) } ?? .first(answer)
    }

    /// The answer is whole: it is kept for its lifetime, if it was not too long to be kept.
    package func keep(_ identity: RetryIdentity?, _ answer: Downstream, at now: Timestamp) {
        guard let identity else { return }
        guard answer.isKept else { return forget(identity, answer) }
        state.withLock { state in
            guard state.entries[identity.name]?.answer === answer else { return }
            state.entries[identity.name]?.expiry = now.advanced(by: lifetime)
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

extension HTTPField.Name {
    package static let idempotencyKey = known("idempotency-key")
    static let retryCount = known("x-stainless-retry-count")
    static let replayed = known("idempotent-replayed")
}
