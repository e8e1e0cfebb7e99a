/// Makes a failing list of events as short as it can, after Zeller's delta debugging.
package enum Shrinker {
    /// Drops ever smaller runs of events while what is left still fails.
    ///
    /// - Parameters:
    ///   - events: a list that fails.
    ///   - fails: whether a list fails; the same list always answers the same.
    /// - Returns: a list that fails, of which no single event can be left out.
    package static func shrink<Event>(
        _ events: [Event],
        _ fails: ([Event]) -> Bool,
    ) -> [Event] {
        var shortest = events
        var chunk = max(1, events.count / 2)
        while true {
            var isShorter = false
            var start = 0
            while start < shortest.count {
                var candidate = shortest
                candidate.removeSubrange(start..<min(start + chunk, candidate.count))
                if fails(candidate) {
                    shortest = candidate
                    isShorter = true
                } else {
                    start += chunk
                }
            }
            if chunk == 1, !isShorter { return shortest }
            chunk = max(1, chunk / 2)
        }
    }
}
