import GatewayTestKit
import Glibc
import Simulation

/// What a run is told, as NAME=VALUE.
struct LifeOptions {
    var seed: UInt64 = 1
    /// How many schedules, from `seed` on.
    var worlds = 1000

    init(_ arguments: some Sequence<String>) {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            switch (parts.first, parts.count == 2 ? UInt64(parts[1]) : nil) {
            case ("SEED", let number?): seed = number
            case ("WORLDS", let number?): worlds = Int(clamping: number)
            case (_, _):
                print("simulate: \(argument) is no option of a life")
                exit(64)
            }
        }
    }
}

/// Runs schedules of the request's life and reports the first that goes wrong.
struct LifeRun {
    private let options: LifeOptions

    init(_ options: LifeOptions) { self.options = options }

    func run() {
        var (steps, crashes, traces) = (0, 0, Set<UInt64>())
        var audited = (writes: 0, rows: 0)
        for offset in 0..<UInt64(options.worlds) {
            let seed = options.seed &+ offset
            let plans = LifeRun.plans(seed)
            let result = LifeRun.schedule(plans, seed)
            steps += result.steps
            crashes += result.isCrashed ? 1 : 0
            traces.insert(result.trace)
            audited.writes += result.audited.writes
            audited.rows += result.audited.rows
            if !result.problems.isEmpty { report(seed, plans, result.problems) }
            // A schedule is a function of its seed: now and then this is shown.
            if offset.isMultiple(of: 500), LifeRun.schedule(plans, seed).trace != result.trace {
                print("FAILED: seed \(seed) took another way the second time")
                exit(1)
            }
        }
        print(
            "life: \(options.worlds) schedules, \(traces.count) of them different, \(steps) steps, "
                + "\(crashes) crashes, \(audited.writes) writes, each audited as it came "
                + "(\(audited.rows) rows), 0 differences"
        )
    }

    private static func plans(_ seed: UInt64) -> [AgentPlan] {
        var dice = Dice(seed: seed &* 31)
        var plans = (0..<(1 + dice.below(4))).map { _ in AgentPlan.random(&dice) }
        // Answers that are cut, with their agent there or not, and asked for again.
        for index in plans.indices where plans[index].retryOf != nil && dice.oneIn(5) {
            plans[index].answer = .endless
            plans[index].delay /= 4
        }
        // Who asks for the same, asks with the same bytes and the same key.
        for index in plans.indices {
            guard let retry = plans[index].retryOf,
                let first = plans.firstIndex(where: { $0.retryOf == retry }), first < index
            else { continue }
            let (start, leaving) = (plans[index].start, plans[index].leaving)
            plans[index] = plans[first]
            // Half of them come when the answer has probably ended, with nobody or with somebody there.
            plans[index].start = start + (dice.oneIn(2) ? dice.below(2000) : 0)
            plans[index].leaving = leaving
            // But for a few, who are told of it.
            if dice.oneIn(8) { plans[index].maxTokens += 1 }
        }
        return plans
    }

    private struct Result {
        let problems: [String]
        let trace: UInt64
        let steps: Int
        let isCrashed: Bool
        let audited: (writes: Int, rows: Int)
    }

    private static func schedule(_ plans: [AgentPlan], _ seed: UInt64) -> Result {
        let world = World(plans, seed: seed)
        var dice = Dice(seed: seed &* 17)
        let crash = CrashSwitch(after: dice.oneIn(2) ? 1 + dice.below(900) : .max)
        let ended = Scheduler.run(
            seed: seed,
            limit: 200_000,
            betweenSteps: crash.tick,
            whenIdle: { world.clock.advanceToNextDeadline() },
            body: { await world.run(crashing: crash) },
        )
        let problems = world.problems + (ended ? [] : ["it does not end"])
        return Result(
            problems: problems,
            trace: Scheduler.trace,
            steps: Scheduler.steps,
            isCrashed: world.isCrashed,
            audited: world.audited,
        )
    }

    private func report(_ seed: UInt64, _ plans: [AgentPlan], _ problems: [String]) -> Never {
        print("FAILED: \(problems[0])")
        print("make simulate WORLD=life SEED=\(seed) WORLDS=1")
        let shortest = Shrinker.shrink(plans) { !LifeRun.schedule($0, seed).problems.isEmpty }
        print("the fewest agents that fail:")
        for plan in shortest { print("  \(plan)") }
        for problem in LifeRun.schedule(shortest, seed).problems { print("  \(problem)") }
        exit(1)
    }
}
