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

    func streamStarted() { state.withLock { $0.machine.streamStarted() } }

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

    /// Returns when the agent's leaving has to end the inference.
    func watch(
        _ departure: Departure,
        _ downstream: Downstream,
        _ handover: Handover,
        policy: DisconnectPolicy,
        drain: Duration,
        clock: any Clock<Duration>,
    ) async {
        await departure.wait()
        guard !Task.isCancelled else { return }
        downstream.leave()
        let action = tell { $0.agentLeft(isHandedOver: handover.isDone, policy: policy) }
        guard action == .drain else { return end(action, nil) }
        do { try await clock.sleep(for: drain) } catch { return }
        end(tell { $0.upstreamFailed() }, nil)
    }

    /// Returns when the upstream, or an agent that does not read, has taken too long.
    ///
    /// A pause is noticed within a quarter of the idle timeout after it has passed.
    func watch(
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
