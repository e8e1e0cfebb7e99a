import Simulation
import Synchronization

/// How a life of the gateway ends before everybody is done.
enum Death: Sendable {
    case never
    /// Between two steps: after so many of them.
    case afterSteps(Int)
    /// At a write: the commit of that number fails, whether it reached the disk or not, and the
    /// process lives on for so many steps.
    case atCommit(Int, steps: Int)

    /// How the life of that number ends; half of the first do, and the third never.
    static func random(inLife number: Int, _ dice: inout Dice) -> Death {
        switch number {
        case 0:
            guard dice.oneIn(2) else { return .never }
            return dice.oneIn(4) ? atCommit(&dice) : .afterSteps(1 + dice.below(900))
        case 1:
            guard dice.oneIn(3) else { return .never }
            return dice.oneIn(2) ? atCommit(&dice) : .afterSteps(1 + dice.below(300))
        default: return .never
        }
    }

    /// The number of the commit that fails.
    var failingCommit: Int? { if case .atCommit(let commit, _) = self { commit } else { nil } }

    /// How many steps are taken until the process is dead, from its start or its failed commit on.
    var steps: Int {
        switch self {
        case .never: .max
        case .afterSteps(let steps), .atCommit(_, let steps): steps
        }
    }

    private static func atCommit(_ dice: inout Dice) -> Death {
        .atCommit(1 + dice.below(14), steps: 1 + dice.below(40))
    }
}

/// Pulls the plug at a step that was chosen before.
final class CrashSwitch: Sendable {
    private let state = Mutex<(left: Int, pull: @Sendable () -> Void)?>(nil)

    /// Pulls after so many steps, unless it is disarmed before.
    func arm(after steps: Int, _ pull: @escaping @Sendable () -> Void) {
        state.withLock { $0 = (steps, pull) }
    }

    func disarm() { state.withLock { $0 = nil } }

    /// A step is about to be taken.
    func tick() {
        let pull = state.withLock { state -> (@Sendable () -> Void)? in
            state?.left -= 1
            guard let (left, pull) = state, left == 0 else { return nil }
            state = nil
            return pull
        }
        pull?()
    }
}
