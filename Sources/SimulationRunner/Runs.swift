import Glibc
import Simulation

/// Worlds of random ledger operations against the oracle.
struct LedgerRun {
    private let options: Options

    init(_ options: Options) { self.options = options }

    func run() {
        var (operations, comparisons, fullAudits) = (0, 0, 0)
        for offset in 0..<UInt64(options.worlds) {
            let seed = options.seed &+ offset
            var dice = Dice(seed: seed)
            let events = LedgerEvent.random(options.steps, &dice)
            let run = LedgerWorld.run(events, auditEvery: options.audit)
            if let failure = run.failure { report(seed, events, failure) }
            operations += events.count
            comparisons += run.comparisons
            fullAudits += run.fullAudits
        }
        print(
            "ledger: \(operations) operations in \(options.worlds) worlds, each audited as it came "
                + "(\(comparisons) rows), \(fullAudits) full audits, 0 differences"
        )
    }

    private func report(
        _ seed: UInt64,
        _ events: [LedgerEvent],
        _ failure: (index: Int, problem: String),
    ) -> Never {
        print("FAILED at event \(failure.index): \(failure.problem)")
        print(options.reproduction(seed: seed))
        let failing = Array(events[...failure.index])
        let shortest = Shrinker.shrink(failing) {
            LedgerWorld.run($0, auditEvery: 1).failure != nil
        }
        print("the shortest list of events that fails:")
        for event in shortest { print("  \(event)") }
        if let last = LedgerWorld.run(shortest, auditEvery: 1).failure {
            print("  \(last.problem)")
        }
        exit(1)
    }
}

/// Every order of a few events over one account.
struct SmallRun {
    private let options: Options

    init(_ options: Options) { self.options = options }

    func run() {
        var worlds = SmallWorlds()
        worlds.run(length: options.length)
        report(worlds, "one account")
    }

    /// Every order of what can happen to one deposit: one that names its customer, one whose sender
    /// may be bound, and one that nobody owns.
    func runDeposits() {
        let deposits = [
            ("a code", SimpleDeposit(id: 0, code: 0)),
            ("a sender", SimpleDeposit(id: 0, sender: 0)),
            ("nobody", SimpleDeposit(id: 0, code: 7)),
        ]
        for (owner, deposit) in deposits {
            var worlds = SmallWorlds(of: deposit)
            worlds.run(length: options.length)
            report(worlds, "a deposit that names \(owner)")
        }
    }

    private func report(_ worlds: SmallWorlds, _ what: String) {
        if let (letters, problem) = worlds.failure {
            print("FAILED after \(letters.map(\.rawValue).joined(separator: ", ")): \(problem)")
            print("make simulate WORLD=\(options.world) LENGTH=\(letters.count)")
            exit(1)
        }
        print(
            "\(options.world) worlds: \(worlds.sequences) orders of up to \(options.length) events, "
                + "\(worlds.steps) steps, \(what), 0 differences"
        )
    }
}
