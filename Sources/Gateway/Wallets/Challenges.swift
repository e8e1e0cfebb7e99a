import Deposits
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

    /// How many nonces are remembered that wallets have chosen by themselves.
    struct Bounds {
        /// Of one wallet.
        var each = 20_000
        /// Of all together; beyond it a wallet still has ``assured``.
        var total = 200_000
        /// What each wallet has, however many others use.
        var assured = 1_000
    }

    /// What a nonce is that its sender has chosen.
    enum Use: Hashable {
        case first, again
        /// It can not be remembered, so it must not be taken.
        case tooMany
    }

    private struct State {
        /// Those that are out.
        var nonces: [String: Timestamp] = [:]
        /// Those that wallets have used by themselves, which were never given out, and until when a request
        /// with them could be taken.
        var spent: [Wallet: [String: Timestamp]] = [:]
        var spentCount = 0
        var sweepAt = Timestamp(microseconds: 0)

        mutating func sweep(_ now: Timestamp) {
            nonces = nonces.filter { $0.value > now }
            spent = spent.mapValues { $0.filter { $0.value > now } }.filter { !$0.value.isEmpty }
            spentCount = spent.values.reduce(0) { $0 + $1.count }
            sweepAt = now.advanced(by: .seconds(10))
        }
    }

    private let state = Mutex(State())
    private let bounds: Bounds

    init(bounds: Bounds = Bounds()) { self.bounds = bounds }

    /// Uses a nonce that a wallet has chosen, once until `end`, after which its request is too old.
    ///
    /// What one wallet uses up is its own: it never keeps others from what is assured to them.
    func spend(
        _ nonce: String,
        of wallet: Wallet,
        until end: Timestamp,
        at now: Timestamp,
    ) -> Use {
        state.withLock { state in
            if now >= state.sweepAt { state.sweep(now) }
            let own = state.spent[wallet]?.count ?? 0
            guard state.spent[wallet]?[nonce] == nil else { return .again }
            let share = state.spentCount < bounds.total ? bounds.each : bounds.assured
            guard own < share else { return .tooMany }
            state.spent[wallet, default: [:]][nonce] = end
            state.spentCount += 1
            return .first
        }
    }

    /// Whether a wallet has used a nonce that it has chosen: another request with it is refused.
    func hasSpent(_ nonce: String, of wallet: Wallet) -> Bool {
        state.withLock { $0.spent[wallet]?[nonce] != nil }
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
