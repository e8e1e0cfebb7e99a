package import Ledger
package import Primitives
import Synchronization

/// What SOL is worth at the moment that somebody asks: by the operator's word, which stands, or by a
/// source's, which is believed for a time.
package final class SOLRateBook: Sendable {
    private struct State {
        /// What was told last.
        var last: SOLRate?
        /// Micro-USD that are so far off ``last`` that they have to be told twice.
        var suspect: Int64?
    }

    private let state: Mutex<State>
    /// How old a rate may be; `nil` where it may be any age.
    private let longest: Duration?

    /// By the operator's word; `nil` where SOL covers nothing.
    package init(_ rate: SOLRate?) {
        state = Mutex(State(last: rate))
        longest = nil
    }

    /// By a source's word, which is believed for so long.
    package init(believingFor longest: Duration) {
        state = Mutex(State())
        self.longest = longest
    }

    /// What SOL is worth; `nil` where that is not known, or not any more.
    package func rate(at now: Timestamp) -> SOLRate? {
        guard let rate = state.withLock(\.last) else { return nil }
        guard let longest, rate.quotedAt.advanced(by: longest) < now else { return rate }
        return nil
    }

    /// When a source's last rate was quoted; `nil` where there is none, or the operator says it.
    package var quotedAt: Timestamp? { longest == nil ? nil : state.withLock(\.last)?.quotedAt }

    /// Takes a source's word.
    ///
    /// What is less than half or more than double of what was told last is taken when the source says so
    /// twice in a row.
    ///
    /// - Returns: whether it was taken.
    func learn(_ microdollarsPerSOL: Int64, at now: Timestamp) -> Bool {
        state.withLock { state in
            let known = [state.last?.microdollarsPerSOL, state.suspect].compactMap(\.self)
            guard known.isEmpty || known.contains(where: { microdollarsPerSOL.isNear($0) }) else {
                state.suspect = microdollarsPerSOL
                return false
            }
            state.suspect = nil
            state.last = SOLRate(microdollarsPerSOL: microdollarsPerSOL, quotedAt: now)
            return true
        }
    }
}

extension Int64 {
    /// Whether it is at least half and at most double of another.
    fileprivate func isNear(_ other: Int64) -> Bool {
        let (own, other) = (Int128(self), Int128(other))
        return own * 2 >= other && own <= other * 2
    }
}
