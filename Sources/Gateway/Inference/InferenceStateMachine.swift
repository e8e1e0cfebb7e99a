package import Identity
package import Receipts

/// Decides what happens next in one inference, and performs none of it.
///
/// It starts when the hold is placed and ends in exactly one of *released* and *settled*.
package struct InferenceStateMachine: Hashable, Sendable {
    private enum State: Hashable {
        /// The hold stands; the agent has not been sent a byte of the answer.
        case waiting
        /// The agent left before its first byte, and may ask again at once.
        case lingering(hasStarted: Bool)
        /// The agent is being sent the answer.
        case relaying
        /// The agent left; the answer is read on for its usage.
        case draining
        case finished
    }

    /// What the runner does next.
    package enum Action: Hashable, Sendable {
        case none
        /// Return the whole hold; nothing is charged.
        case release
        /// Read on for as long as an agent takes that asks again, and settle if none does.
        case linger
        /// Read on for a bounded time.
        case drain
        /// Charge what the meter reads.
        case settle(Receipt.Outcome)

        /// Whether it ends the inference.
        var isEnding: Bool {
            switch self {
            case .release, .settle: true
            case .none, .linger, .drain: false
            }
        }
    }

    private var state = State.waiting

    package init() {}

    /// The head of a streamed answer is there and goes to the agent.
    ///
    /// - Returns: `false` where the inference has ended meanwhile, and nothing is to be sent.
    package mutating func streamStarted() -> Bool {
        switch state {
        case .waiting: state = .relaying
        case .lingering(hasStarted: false): state = .lingering(hasStarted: true)
        case .finished: return false
        case .lingering(hasStarted: true), .relaying, .draining:
            preconditionFailure("a stream starts once")
        }
        return true
    }

    /// The answer is whole: its terminal event, or a body that is not streamed, has arrived.
    package mutating func answerCompleted() -> Action {
        switch state {
        case .waiting, .relaying: finish(.settle(.completed))
        case .lingering, .draining: finish(.settle(.disconnected))
        case .finished: .none
        }
    }

    /// The upstream refused, could not be reached, broke off, or took too long.
    ///
    /// Before the agent was sent anything, nothing is owed. After it, the agent owes what it was
    /// sent.
    package mutating func upstreamFailed() -> Action {
        switch state {
        case .waiting, .lingering(hasStarted: false): finish(.release)
        case .relaying: finish(.settle(.interrupted))
        case .lingering(hasStarted: true), .draining: finish(.settle(.disconnected))
        case .finished: .none
        }
    }

    /// The agent left, and so did everybody who had asked for the same again.
    ///
    /// - Parameters:
    ///   - isHandedOver: whether the upstream may have accepted the request.
    ///   - mayReturn: whether the agent can ask for the same answer again.
    ///   - policy: the key's.
    /// - Returns: what to do.
    package mutating func agentLeft(
        isHandedOver: Bool,
        mayReturn: Bool,
        policy: DisconnectPolicy,
    ) -> Action {
        switch (state, policy) {
        case (.waiting, _):
            guard isHandedOver else { return finish(.release) }
            guard mayReturn else { return finish(.settle(.disconnected)) }
            state = .lingering(hasStarted: false)
            return .linger
        case (.relaying, .drain):
            state = .draining
            return .drain
        case (.relaying, .cancel): return finish(.settle(.disconnected))
        case (.lingering, _), (.draining, _), (.finished, _): return .none
        }
    }

    /// The agent asked for the same again, and gets the answer from its start.
    package mutating func agentReturned() {
        switch state {
        case .lingering(hasStarted: false): state = .waiting
        case .lingering(hasStarted: true), .draining: state = .relaying
        case .waiting, .relaying, .finished: break
        }
    }

    /// The time is up in which an agent that left could return, or its answer could end.
    package mutating func absenceEnded() -> Action {
        switch state {
        case .lingering, .draining: finish(.settle(.disconnected))
        case .waiting, .relaying, .finished: .none
        }
    }

    /// The answer is far beyond the output limit that the upstream was told.
    ///
    /// It is cut in its dialect's way although nobody may be listening: who asks again gets it so.
    package mutating func outputRanAway() -> Action {
        switch state {
        case .waiting, .lingering(hasStarted: false): finish(.release)
        case .lingering(hasStarted: true), .relaying, .draining: finish(.settle(.cut))
        case .finished: .none
        }
    }

    private mutating func finish(_ action: Action) -> Action {
        state = .finished
        return action
    }
}
