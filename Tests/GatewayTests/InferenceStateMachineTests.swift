import Gateway
import Identity
import Receipts
import Testing

/// Every event in every state: what is owed, and that it is owed once.
@Suite struct InferenceStateMachineTests {
    enum Event: CaseIterable {
        case completed, failed, leftDrain, leftCancel, leftUnsentDrain, leftUnsentCancel, ranAway
        case leftRetriable, absenceEnded
    }

    enum State: CaseIterable {
        case waiting, lingering, lingeringStarted, relaying, draining, finished
    }

    private func machine(in state: State) -> InferenceStateMachine {
        var machine = InferenceStateMachine()
        switch state {
        case .waiting: break
        case .lingering: _ = tell(.leftRetriable, &machine)
        case .lingeringStarted:
            _ = tell(.leftRetriable, &machine)
            _ = machine.streamStarted()
        case .relaying: _ = machine.streamStarted()
        case .draining:
            _ = machine.streamStarted()
            _ = tell(.leftDrain, &machine)
        case .finished: _ = machine.upstreamFailed()
        }
        return machine
    }

    private func tell(
        _ event: Event,
        _ machine: inout InferenceStateMachine,
    ) -> InferenceStateMachine.Action {
        switch event {
        case .completed: machine.answerCompleted()
        case .failed: machine.upstreamFailed()
        case .leftDrain: left(&machine, isHandedOver: true, policy: .drain)
        case .leftCancel: left(&machine, isHandedOver: true, policy: .cancel)
        case .leftUnsentDrain: left(&machine, isHandedOver: false, policy: .drain)
        case .leftUnsentCancel: left(&machine, isHandedOver: false, policy: .cancel)
        case .leftRetriable:
            machine.agentLeft(isHandedOver: true, mayReturn: true, policy: .drain)
        case .absenceEnded: machine.absenceEnded()
        case .ranAway: machine.outputRanAway()
        }
    }

    private func left(
        _ machine: inout InferenceStateMachine,
        isHandedOver: Bool,
        policy: DisconnectPolicy,
    ) -> InferenceStateMachine.Action {
        machine.agentLeft(isHandedOver: isHandedOver, mayReturn: false, policy: policy)
    }

    @Test(arguments: [
        (State.waiting, Event.completed, InferenceStateMachine.Action.settle(.completed)),
        (.waiting, .failed, .release), (.waiting, .leftDrain, .settle(.disconnected)),
        (.waiting, .leftCancel, .settle(.disconnected)), (.waiting, .leftUnsentDrain, .release),
        (.waiting, .leftUnsentCancel, .release), (.waiting, .ranAway, .release),
        (.relaying, .completed, .settle(.completed)), (.relaying, .failed, .settle(.interrupted)),
        (.relaying, .leftDrain, .drain), (.relaying, .leftCancel, .settle(.disconnected)),
        (.relaying, .leftUnsentDrain, .drain),
        (.relaying, .leftUnsentCancel, .settle(.disconnected)),
        (.relaying, .ranAway, .settle(.cut)),
        (.draining, .completed, .settle(.disconnected)),
        (.draining, .failed, .settle(.disconnected)), (.draining, .leftDrain, .none),
        (.draining, .leftCancel, .none), (.draining, .leftUnsentDrain, .none),
        (.draining, .leftUnsentCancel, .none), (.draining, .ranAway, .settle(.cut)),
        (.waiting, .leftRetriable, .linger), (.waiting, .absenceEnded, .none),
        (.relaying, .leftRetriable, .drain), (.relaying, .absenceEnded, .none),
        (.draining, .leftRetriable, .none), (.draining, .absenceEnded, .settle(.disconnected)),
        (.lingering, .completed, .settle(.disconnected)), (.lingering, .failed, .release),
        (.lingering, .leftDrain, .none), (.lingering, .leftCancel, .none),
        (.lingering, .leftUnsentDrain, .none), (.lingering, .leftUnsentCancel, .none),
        (.lingering, .leftRetriable, .none), (.lingering, .ranAway, .release),
        (.lingering, .absenceEnded, .settle(.disconnected)),
        (.lingeringStarted, .completed, .settle(.disconnected)),
        (.lingeringStarted, .failed, .settle(.disconnected)),
        (.lingeringStarted, .leftDrain, .none), (.lingeringStarted, .leftCancel, .none),
        (.lingeringStarted, .leftUnsentDrain, .none),
        (.lingeringStarted, .leftUnsentCancel, .none), (.lingeringStarted, .leftRetriable, .none),
        (.lingeringStarted, .ranAway, .settle(.cut)),
        (.lingeringStarted, .absenceEnded, .settle(.disconnected)),
    ])
    func `each event has the outcome of the table`(
        state: State,
        event: Event,
        action: InferenceStateMachine.Action,
    ) {
        var machine = machine(in: state)
        #expect(tell(event, &machine) == action)
    }

    @Test(arguments: State.allCases, Event.allCases)
    func `an inference ends once`(state: State, event: Event) {
        var machine = machine(in: state)
        let first = tell(event, &machine)
        guard ![.none, .linger, .drain].contains(first) else { return }
        for later in Event.allCases { #expect(tell(later, &machine) == .none) }
    }

    @Test(arguments: Event.allCases)
    func `what is finished stays finished`(event: Event) {
        var machine = machine(in: .finished)
        #expect(tell(event, &machine) == .none)
    }

    @Test(arguments: [
        (State.waiting, State.waiting), (.lingering, .waiting), (.lingeringStarted, .relaying),
        (.relaying, .relaying), (.draining, .relaying), (.finished, .finished),
    ])
    func `an agent that returns is served as if it had not left`(state: State, same: State) {
        var machine = machine(in: state)
        machine.agentReturned()
        #expect(machine == self.machine(in: same))
    }

    @Test func `a stream whose inference has ended does not start`() {
        var machine = machine(in: .finished)
        let isStarted = machine.streamStarted()
        #expect(!isStarted)
        #expect(machine == self.machine(in: .finished))
    }

    @Test func `a stream starts once`() async {
        await #expect(processExitsWith: .failure) {
            var machine = InferenceStateMachine()
            _ = machine.streamStarted()
            _ = machine.streamStarted()
        }
    }
}
