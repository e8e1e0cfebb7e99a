import Gateway
import Identity
import Receipts
import Testing

/// Every event in every state: what is owed, and that it is owed once.
@Suite struct InferenceStateMachineTests {
    enum Event: CaseIterable {
        case completed, failed, leftDrain, leftCancel, leftUnsentDrain, leftUnsentCancel, ranAway
    }

    enum State: CaseIterable { case waiting, relaying, draining, finished }

    private func machine(in state: State) -> InferenceStateMachine {
        var machine = InferenceStateMachine()
        switch state {
        case .waiting: break
        case .relaying: machine.streamStarted()
        case .draining:
            machine.streamStarted()
            _ = machine.agentLeft(isHandedOver: true, policy: .drain)
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
        case .leftDrain: machine.agentLeft(isHandedOver: true, policy: .drain)
        case .leftCancel: machine.agentLeft(isHandedOver: true, policy: .cancel)
        case .leftUnsentDrain: machine.agentLeft(isHandedOver: false, policy: .drain)
        case .leftUnsentCancel: machine.agentLeft(isHandedOver: false, policy: .cancel)
        case .ranAway: machine.outputRanAway()
        }
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
        (.draining, .leftUnsentCancel, .none), (.draining, .ranAway, .settle(.disconnected)),
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
        guard first != .none, first != .drain else { return }
        for later in Event.allCases { #expect(tell(later, &machine) == .none) }
    }

    @Test(arguments: Event.allCases)
    func `what is finished stays finished`(event: Event) {
        var machine = machine(in: .finished)
        #expect(tell(event, &machine) == .none)
    }

    @Test func `a stream starts once`() async {
        await #expect(processExitsWith: .failure) {
            var machine = InferenceStateMachine()
            machine.streamStarted()
            machine.streamStarted()
        }
    }
}
