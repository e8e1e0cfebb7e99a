package import Identity
package import Receipts

/// Decides what happens next in one inference, and performs none of it.
///
/// It starts when the hold is placed and ends in exactly one of *released* and *settled*.
package struct InferenceStateMachine: Hashable, Sendable {
    private enum State: Hashable {
        /// The hold stands; the agent has not been sent a byte of the answer.
        case waiting
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
        /// Read on, write no more, for a bounded time.
        case drain
        /// Charge what the meter reads.
        case settle(Receipt.Outcome)
    }

    private var state = State.waiting

    package init() {}

    /// The head of a streamed answer is there and goes to the agent.
    package mutating func streamStarted() {
        switch state {
        case .waiting: state = .relaying
        case .relaying, .draining, .finished:
            preconditionFailure("a stream starts once, for an agent that waits for it")
        }
    }

    /// The answer is whole: its terminal event, or a body that is not streamed, has arrived.
    package mutating func answerCompleted() -> Action {
        switch state {
        case .waiting, .relaying: finish(.settle(.completed))
        case .draining: finish(.settle(.disconnected))
        case .finished: .none
        }
    }

    /// The upstream refused, could not be reached, broke off, or took too long.
    ///
    /// Before the agent was sent anything, nothing is owed. After it, the agent owes what it was
    /// sent.
    package mutating func upstreamFailed() -> Action {
        switch state {
        case .waiting: finish(.release)
        case .relaying: finish(.settle(.interrupted))
        case .draining: finish(.settle(.disconnected))
        case .finished: .none
        }
    }

    /// The agent left.
    ///
    /// - Parameters:
    ///   - isHandedOver: whether the upstream may have accepted the request.
    ///   - policy: the key's.
    /// - Returns: what to do.
    package mutating func agentLeft(
        isHandedOver: Bool,
        policy: DisconnectPolicy,
    ) -> Action {
        switch (state, policy) {
        case (.waiting, _): return finish(isHandedOver ? .settle(.disconnected) : .release)
        case (.relaying, .drain):
            state = .draining
            return .drain
        case (.relaying, .cancel): return finish(.settle(.disconnected))
        case (.draining, _), (.finished, _): return .none
        }
    }

    /// The answer is far beyond the output limit that the upstream was told.
    package mutating func outputRanAway() -> Action {
        switch state {
        case .waiting: finish(.release)
        case .relaying: finish(.settle(.cut))
        case .draining: finish(.settle(.disconnected))
        case .finished: .none
        }
    }

    private mutating func finish(_ action: Action) -> Action {
        state = .finished
        return action
    }
}
