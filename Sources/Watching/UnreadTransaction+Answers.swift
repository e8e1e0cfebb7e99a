import Deposits
import Primitives

/// What an answer says of how long the first node lacks it.
extension UnreadTransaction {
    /// Itself, after the question for it has ended so.
    func after(_ failure: RPCFailure, at now: Timestamp) -> UnreadTransaction {
        var unread = self
        unread.reason = failure.code
        if case .missing = failure {
            unread.absence = Absence.noted(absence, at: now)
        } else if failure.isOfOneThing {
            // It has something of it, or did not say that it has nothing.
            unread.absence = nil
        }
        return unread
    }

    /// Whether it is given up after the question for it has ended so: the first node has lacked it for days.
    func isGivenUp(after failure: RPCFailure, at now: Timestamp) -> Bool {
        guard case .missing = failure else { return false }
        return after(failure, at: now).absence?.isOver(at: now) ?? false
    }
}
