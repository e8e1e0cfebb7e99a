import Synchronization

/// What all connections of one simulated upstream share.
final class SimulatorState: Sendable {
    let record = SimulatedRecord()
    private let initial: SimulatedAnswer
    private let current: Mutex<SimulatedAnswer>

    init(_ defaults: SimulatedAnswer) {
        initial = defaults
        current = Mutex(defaults)
    }

    /// The settings of answers whose requests say nothing else.
    var settings: SimulatedAnswer {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    func resetSettings() {
        settings = initial
    }

    /// Replaces the settings by the initial ones changed by `directives`.
    func replaceSettings(_ directives: String) throws(DirectiveError) {
        var changed = initial
        try changed.apply(directives)
        settings = changed
    }
}
