import Forwarding
import Identity
import Primitives
import Synchronization

/// The state machine of one inference, shared by the task that forwards and the ones that watch.
///
/// Whoever learns of an event asks the machine what it means; the machine answers one of them with
/// an ending. A watcher keeps its ending here, for the forwarding task to be stopped first.
final class InferenceControl: Sendable {
    /// An ending that a watcher was told to bring about.
    struct Ending: Sendable {
        let action: InferenceStateMachine.Action
        let failure: (any Failure)?
    }

    private struct State {
        var machine = InferenceStateMachine()
        var ending: Ending?
        var pieces = 0
        var hasHead = false
    }

    private let state = Mutex(State())

    /// Tells the machine of an event and returns its answer.
    func tell(
        _ event: (inout InferenceStateMachine) -> InferenceStateMachine.Action
    ) -> InferenceStateMachine.Action {
        state.withLock { event(&$0.machine) }
    }

    func streamStarted() -> Bool { state.withLock { $0.machine.streamStarted() } }

    /// Takes note that the upstream answered, or went on answering.
    func progress() {
        state.withLock {
            $0.pieces += 1
            $0.hasHead = true
        }
    }

    /// The ending that a watcher was told of, if one was.
    var ending: Ending? { state.withLock(\.ending) }

    // MARK: Watching

    /// Returns when the leaving of all who listened has to end the inference.
    func watch(
        _ downstream: Downstream,
        _ handover: Handover,
        policy: DisconnectPolicy,
        settings: GatewaySettings,
        clock: any Clock<Duration>,
    ) async {
        let audience = downstream.audience
        while true {
            await audience.wait(for: .nobody)
            guard !Task.isCancelled else { return }
            let left = tellIfDeserted(audience) { machine in
                machine.agentLeft(
                    isHandedOver: !handover.callOff(),
                    mayReturn: downstream.isKept,
                    policy: policy,
                )
            }
            guard let left else { continue }
            downstream.leave()
            switch left {
            case .none, .release, .settle: return end(left, nil)
            case .linger: await audience.waitForSomebody(atMost: settings.retryGrace, clock)
            case .drain: await audience.waitForSomebody(atMost: settings.drain, clock)
            }
            guard !Task.isCancelled else { return }
            if let ending = tellIfDeserted(audience, { $0.absenceEnded() }) {
                return end(ending, nil)
            }
            state.withLock { $0.machine.agentReturned() }
            downstream.comeBack()
        }
    }

    /// Tells the machine of an event where nobody listens; where somebody does, returns `nil`.
    ///
    /// An ending shuts the door in the same step: who asks again is let in, or has to ask anew.
    private func tellIfDeserted(
        _ audience: Audience,
        _ event: (inout InferenceStateMachine) -> InferenceStateMachine.Action,
    ) -> InferenceStateMachine.Action? {
        var action: InferenceStateMachine.Action?
        audience.shutIfDeserted {
            let told = tell(event)
            action = told
            return told.isEnding
        }
        return action
    }

    /// Returns when the upstream has taken too long; an agent that does not read for as long counts
    /// as one that left.
    ///
    /// A pause is noticed within a quarter of the idle timeout after it has passed.
    func watch(
        _ downstream: Downstream,
        head: Duration,
        idle: Duration,
        total: Duration,
        clock: any Clock<Duration>,
    ) async {
        let tick = idle / 4
        var elapsed = Duration.zero
        do {
            while !state.withLock(\.hasHead) {
                guard elapsed < head else { return timeOut() }
                let step = min(tick, head - elapsed)
                try await clock.sleep(for: step)
                elapsed += step
            }
            var (quietTicks, seen) = (0, -1)
            while elapsed < total, quietTicks <= 4 {
                try await clock.sleep(for: tick)
                elapsed += tick
                let pieces = state.withLock(\.pieces)
                quietTicks = pieces == seen ? quietTicks + 1 : 0
                seen = pieces
                if quietTicks > 4, downstream.isBlocked {
                    downstream.audience.dismiss()
                    quietTicks = 0
                }
            }
            timeOut()
        } catch {
            return
        }
    }

    private func timeOut() { end(tell { $0.upstreamFailed() }, ForwardingError.timedOut) }

    private func end(_ action: InferenceStateMachine.Action, _ failure: (any Failure)?) {
        guard action != .none else { return }
        state.withLock { $0.ending = Ending(action: action, failure: failure) }
    }
}
