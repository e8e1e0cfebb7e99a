/// How many requests a simulated upstream received and how they ended.
///
/// `count` is the sum of the others.
package struct SimulatedCounts: Sendable, Equatable {
    package internal(set) var count = 0
    package internal(set) var inflight = 0
    package internal(set) var completed = 0
    package internal(set) var cancelled = 0
    package internal(set) var broken = 0

    mutating func began() {
        count += 1
        inflight += 1
    }

    mutating func ended(_ outcome: ReceivedRequest.Outcome) {
        switch outcome {
        case .answering: preconditionFailure("an answer ends as completed, cancelled or broken")
        case .completed: completed += 1
        case .cancelled: cancelled += 1
        case .broken: broken += 1
        }
        inflight -= 1
    }
}
