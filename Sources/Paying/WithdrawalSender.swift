import Deposits
package import Ledger
package import Logging
import Metrics
package import Primitives
import ServiceLifecycle
import Synchronization
package import Watching
package import Withdrawals

/// Brings the withdrawals of one chain out, step by step: approves what is due, signs, keeps, sends, and
/// follows what was sent.
///
/// What is signed is durable before it is sent, and is sent again at each look until the chain says what came
/// of it. Nothing is signed anew before the chain was asked once more about what was signed before. A look
/// that fails is followed by the next.
package struct WithdrawalSender<Payer: ChainPayer, Storage: Store>: Service
where Storage.Transaction: WithdrawalTransaction & WithdrawalReading {
    /// How many withdrawals are read at a time.
    private static var page: Int { 100 }

    private let chain: String
    private let payer: Payer
    private let store: Storage
    private let policy: WithdrawalPolicy
    private let solRate: @Sendable () -> SOLRate?
    private let pace: WatchedChain.Pace
    private let logger: Logger
    private let told = ToldFailures()

    /// `chain` is the rail's name in the books; `solRate` is what SOL is worth now, where that is known.
    package init(
        _ chain: String,
        _ payer: Payer,
        store: Storage,
        policy: WithdrawalPolicy,
        solRate: @escaping @Sendable () -> SOLRate?,
        pace: WatchedChain.Pace,
        logger: Logger,
    ) {
        self.chain = chain
        self.payer = payer
        self.store = store
        self.policy = policy
        self.solRate = solRate
        self.pace = pace
        self.logger = logger
    }

    /// Looks until it is cancelled, or the process stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await look()
                do { try await pace.clock.sleep(for: pace.interval) } catch { return }
            }
        }
    }

    /// Takes each withdrawal one step further, where it can be.
    package func look() async {
        do {
            let requested = try await withdrawals(.requested)
            for one in requested { await attempt(one) { try await approve(one) } }
            let sent = try await withdrawals(.broadcast)
            for one in sent { await attempt(one) { try await follow(one) } }
            let failed = try await withdrawals(.failed) + withdrawals(.givenUp)
            for one in failed { await attempt(one) { try await ask(one) } }
            let approved = try await withdrawals(.approved)
            for one in approved { await attempt(one) { try await pay(one) } }
            tellAge(of: sent, .broadcast)
            tellAge(of: approved, .approved)
            tellAge(of: requested, .requested)
            tellAge(of: failed, .failed)
        } catch {
            tell("withdrawals can not be read", nil, error)
        }
    }

    private func withdrawals(_ stage: WithdrawalStage) async throws -> [Withdrawal] {
        var (found, last): ([Withdrawal], WithdrawalID?) = ([], nil)
        while true {
            let after = last
            let page = try await store.read {
                try $0.withdrawals(of: nil, in: stage, after: after, limit: Self.page)
            }
            found += page.filter { $0.order.chain == chain }
            guard page.count == Self.page else { return found }
            last = page.last?.id
        }
    }

    /// What fails with one withdrawal stops no other.
    private func attempt(
        _ withdrawal: Withdrawal,
        _ step: () async throws -> Withdrawal,
    ) async {
        do {
            let after = try await step()
            guard after.stepCount != withdrawal.stepCount else { return }
            tell("withdrawal", after, nil)
        } catch {
            tell("withdrawal waits", withdrawal, error)
        }
    }

    private func approve(_ withdrawal: Withdrawal) async throws -> Withdrawal {
        let (now, policy, rate) = (pace.now(), policy, solRate())
        return try await store.write(.durable) {
            try $0.approveIfDue(withdrawal.id, policy, rate, at: now)
        }
    }

    private func pay(_ withdrawal: Withdrawal) async throws -> Withdrawal {
        if let earlier = withdrawal.state.payment {
            guard let found = try await outcome(of: earlier, withdrawal) else {
                // Of two for one place, one lands.
                guard let again = try await payer.again(earlier, at: pace.now()) else {
                    throw RPCFailure.inconsistent("\(earlier.transaction) may land yet")
                }
                return try await send(again, for: withdrawal)
            }
            let after = try await settle(withdrawal, found)
            guard case .approved = after.state else { return after }
        }
        let waiting = try await withdrawals(.broadcast).compactMap(\.state.payment)
        let now = pace.now()
        let payment = try await payer.sign(withdrawal.order, beside: waiting, at: now)
        return try await send(payment, for: withdrawal)
    }

    private func follow(_ withdrawal: Withdrawal) async throws -> Withdrawal {
        guard let payment = withdrawal.state.payment else { return withdrawal }
        if let found = try await outcome(of: payment, withdrawal) {
            return try await settle(withdrawal, found)
        }
        if let replacement = try await payer.replacement(of: payment, at: pace.now()) {
            return try await send(replacement, for: withdrawal)
        }
        do {
            try await payer.send(payment)
        } catch RPCFailure.refused {
            // The node has it, or it has landed: the next look tells.
        }
        return withdrawal
    }

    /// What failed by a node's word, or was given up by an operator's, may have landed all the same.
    private func ask(_ withdrawal: Withdrawal) async throws -> Withdrawal {
        guard let payment = withdrawal.state.payment,
            let found = try await outcome(of: payment, withdrawal)
        else { return withdrawal }
        switch (withdrawal.state.stage, found.outcome) {
        case (_, .confirmed), (.givenUp, .failed): return try await settle(withdrawal, found)
        case (_, .failed), (_, .expired): return withdrawal
        }
    }

    private func outcome(
        of payment: Withdrawal.Payment,
        _ withdrawal: Withdrawal,
    ) async throws -> (transaction: String, outcome: PaymentOutcome)? {
        try await payer.outcome(of: payment, withdrawal.order, at: pace.now())
    }

    /// What is sent may land at any moment, so it is kept first.
    private func send(
        _ payment: Withdrawal.Payment,
        for withdrawal: Withdrawal,
    ) async throws -> Withdrawal {
        let now = pace.now()
        let kept = try await store.write(.durable) {
            try $0.broadcast(withdrawal.id, payment, at: now)
        }
        try await payer.send(payment)
        return kept
    }

    private func settle(
        _ withdrawal: Withdrawal,
        _ found: (transaction: String, outcome: PaymentOutcome),
    ) async throws -> Withdrawal {
        let now = pace.now()
        return try await store.write(.durable) {
            try $0.settle(withdrawal.id, found.transaction, found.outcome, at: now)
        }
    }

    /// Tells how long the oldest of some withdrawals has been in its state, 0 where there is none; what was
    /// given up counts as failed.
    private func tellAge(of withdrawals: [Withdrawal], _ stage: WithdrawalStage) {
        let oldest = withdrawals.map(\.changedAt).min()
        let age = oldest.map { pace.now().microseconds - $0.microseconds } ?? 0
        Gauge(
            label: "farebox_withdrawal_oldest_seconds",
            dimensions: [("chain", chain), ("state", stage.rawValue)],
        ).record(Double(max(0, age)) / 1_000_000)
    }

    private func tell(_ message: Logger.Message, _ withdrawal: Withdrawal?, _ error: (any Error)?) {
        guard !(error is CancellationError), !Task.isCancelled else { return }
        var metadata: Logger.Metadata = ["chain": "\(chain)"]
        if let withdrawal {
            metadata["withdrawal"] = "\(withdrawal.id)"
            metadata["state"] = "\(withdrawal.state.stage.rawValue)"
        }
        let code = error.map { ($0 as? any Failure)?.code ?? "unknown" }
        // What stays as it is, is told once.
        let isNew = told.isNew(withdrawal.map { "\($0.id)" } ?? "", code)
        guard let code else { return count(withdrawal, message, metadata) }
        Counter(label: "farebox_withdrawal_failures", dimensions: [("chain", chain)]).increment()
        guard isNew else { return }
        metadata["code"] = "\(code)"
        logger.warning(message, metadata: metadata)
    }

    private func count(
        _ withdrawal: Withdrawal?,
        _ message: Logger.Message,
        _ metadata: Logger.Metadata,
    ) {
        let stage = withdrawal?.state.stage.rawValue ?? ""
        let dimensions = [("chain", chain), ("state", stage)]
        Counter(label: "farebox_withdrawal_steps", dimensions: dimensions).increment()
        let isAlert = withdrawal?.state.stage == .failed
        logger.log(level: isAlert ? .error : .notice, message, metadata: metadata)
    }
}

/// Why each withdrawal waits, as it was told last.
private final class ToldFailures: Sendable {
    private let codes = Mutex<[String: String]>([:])

    /// Whether it is something else than what was told of it last; `nil` for nothing.
    func isNew(_ name: String, _ code: String?) -> Bool {
        codes.withLock { codes in
            guard codes[name] != code else { return false }
            codes[name] = code
            return true
        }
    }
}
