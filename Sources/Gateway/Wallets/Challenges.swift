import Primitives
import Synchronization

/// The nonces that wallets are asked to sign, each good for one sign-in and for a few minutes.
///
/// In memory alone: a restart forgets them, and whoever had one asks for another.
final class Challenges: Sendable {
    /// How long a nonce is good.
    static let lifetime = Duration.seconds(300)
    /// How many nonces are out at a time.
    private static let most = 100_000

    private struct State {
        /// Those that are out.
        var nonces: [String: Timestamp] = [:]
        /// Those that were used by themselves, which were never given out.
        var spent: [String: Timestamp] = [:]
        var sweepAt = Timestamp(microseconds: 0)

        mutating func sweep(_ now: Timestamp) {
            nonces = nonces.filter { $0.value > now }
            spent = spent.filter { $0.value > now }
            sweepAt = now.advanced(by: .seconds(10))
        }
    }

    private let state = Mutex(State())

    /// Uses a nonce that its sender has chosen, once within twice the lifetime.
    ///
    /// - Returns: whether it was not used before, and could be remembered.
    func spend(_ nonce: String, at now: Timestamp) -> Bool {
        state.withLock { state in
            if now >= state.sweepAt { state.sweep(now) }
            guard state.spent.count < Challenges.most, state.spent[nonce] == nil else {
                return false
            }
            state.spent[nonce] = now.advanced(by: Challenges.lifetime * 2)
            return true
        }
    }

    /// Gives a nonce out.
    ///
    /// - Throws: ``GatewayError/overloaded`` where too many are out.
    /// - Returns: until when it is good.
    func issue(_ nonce: String, at now: Timestamp) throws(GatewayError) -> Timestamp {
        let end = now.advanced(by: Challenges.lifetime)
        let isIssued = state.withLock { state in
            if now >= state.sweepAt {
                state.sweep(now)
            }
            guard state.nonces.count < Challenges.most else { return false }
            state.nonces[nonce] = end
            return true
        }
        guard isIssued else { throw .overloaded }
        return end
    }

    /// Takes a nonce back, once.
    ///
    /// - Returns: whether it was out and is still good.
    func redeem(_ nonce: String, at now: Timestamp) -> Bool {
        state.withLock { state in
            guard let end = state.nonces.removeValue(forKey: nonce) else { return false }
            return now < end
        }
    }
}
