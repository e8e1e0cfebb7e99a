package import Primitives

/// How long a node has said that it does not have a transaction, and nothing else, whenever it was asked.
///
/// One answer says nothing of the days before it: where nobody asked for longer than a day, it begins anew.
package struct Absence: Hashable, Sendable {
    /// When it said so first.
    package let since: Timestamp
    /// When it was noted last that it said so; not each answer is.
    package let notedAt: Timestamp

    /// How long two answers may lie apart.
    private static var longestPause: Duration { .seconds(86_400) }
    /// How long none is noted after another: to note one is to write.
    private static var shortestPause: Duration { .seconds(3600) }
    /// After which time a node is believed.
    private static var life: Duration { .seconds(7 * 86_400) }

    package init(since: Timestamp, notedAt: Timestamp) {
        self.since = since
        self.notedAt = notedAt
    }

    /// What the answer makes of it that the node does not have the transaction.
    package static func noted(_ known: Absence?, at now: Timestamp) -> Absence {
        guard let known, now <= known.notedAt.advanced(by: longestPause) else {
            return Absence(since: now, notedAt: now)
        }
        guard known.notedAt.advanced(by: shortestPause) <= now else { return known }
        return Absence(since: known.since, notedAt: now)
    }

    /// Whether the node said so for as long as it takes to be believed.
    package func isOver(at now: Timestamp) -> Bool { since.advanced(by: Absence.life) <= now }
}
