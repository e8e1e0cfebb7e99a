import Synchronization

/// How many bytes may be held at a time.
package struct ByteLimit: Hashable, Sendable {
    /// For all callers together.
    package let total: Int
    /// For one of them.
    package let each: Int

    package init(total: Int, each: Int) {
        precondition(total > 0 && each > 0, "a limit allows something")
        self.total = total
        self.each = each
    }
}

/// Counts the bytes that are held for callers now, by caller, in memory.
package final class ByteLimiter: Sendable {
    private struct State {
        var held = 0
        var callers: [String: Int] = [:]
    }

    private let limit: ByteLimit
    private let state = Mutex(State())

    package init(_ limit: ByteLimit) { self.limit = limit }

    /// How many bytes are held for all together.
    package var held: Int { state.withLock(\.held) }

    /// How many callers are remembered: those for whom something is held.
    package var callerCount: Int { state.withLock(\.callers.count) }

    /// Room for something of `caller`'s, which is empty yet.
    package func room(of caller: String) -> Room { Room(self, caller) }

    fileprivate func take(_ count: Int, for caller: String) -> Bool {
        state.withLock { state in
            let own = state.callers[caller] ?? 0
            guard count <= limit.total - state.held, count <= limit.each - own else { return false }
            state.held += count
            state.callers[caller] = own + count
            return true
        }
    }

    fileprivate func giveBack(_ count: Int, of caller: String) {
        guard count > 0 else { return }
        state.withLock { state in
            state.held -= count
            let rest = (state.callers[caller] ?? 0) - count
            state.callers[caller] = rest > 0 ? rest : nil
        }
    }
}

/// Room for bytes, which is taken until it is given back, or the last reference to it is gone.
package final class Room: Sendable {
    private let limiter: ByteLimiter
    private let caller: String
    /// How many bytes it is for; `nil` once it was given back.
    private let size = Mutex<Int?>(0)

    fileprivate init(_ limiter: ByteLimiter, _ caller: String) {
        self.limiter = limiter
        self.caller = caller
    }

    deinit { giveBack() }

    /// Makes it room for `count` bytes in all; it never becomes less.
    ///
    /// - Returns: whether there was so much; where there was not, it stays as it is.
    package func grow(to count: Int) -> Bool {
        size.withLock { size in
            guard let old = size else { return false }
            guard count > old else { return true }
            guard limiter.take(count - old, for: caller) else { return false }
            size = count
            return true
        }
    }

    /// Gives all of it back; it does not grow any more.
    ///
    /// Giving it back again changes nothing.
    package func giveBack() {
        let old = size.withLock { size in
            defer { size = nil }
            return size ?? 0
        }
        limiter.giveBack(old, of: caller)
    }
}
