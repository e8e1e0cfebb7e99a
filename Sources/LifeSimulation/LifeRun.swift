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
        var (tally, traces) = (Tally(), Set<UInt64>())
        for offset in 0..<UInt64(options.worlds) {
            let seed = options.seed &+ offset
            let plans = LifeRun.plans(seed)
            let result = LifeRun.schedule(plans, seed)
            tally += result.tally
            traces.insert(result.trace)
            if !result.problems.isEmpty { report(seed, plans, result.problems) }
            // A schedule is a function of its seed: now and then this is shown.
            if offset.isMultiple(of: 500), LifeRun.schedule(plans, seed).trace != result.trace {
                print("FAILED: seed \(seed) took another way the second time")
                exit(1)
            }
        }
        print(
            "life: \(options.worlds) schedules, \(traces.count) of them different, \(tally), "
                + "0 differences"
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
        for index in plans.indices {
            guard let retry = plans[index].retryOf,
                let first = plans.firstIndex(where: { $0.retryOf == retry })
            else { continue }
            if first == index {
                // Some say so as an SDK does; of some of those the first attempt came to nothing.
                plans[index].attempt = dice.oneIn(4) ? dice.below(2) : nil
            } else {
                ask(again: plans[first], &plans[index], &dice)
            }
        }
        return plans
    }

    /// Who asks for the same, asks with the same bytes and the same key, but for a few.
    private static func ask(
        again first: AgentPlan,
        _ plan: inout AgentPlan,
        _ dice: inout Dice,
    ) {
        let (start, leaving, key) = (plan.start, plan.leaving, plan.key)
        plan = first
        // Half of them come when the answer has probably ended, with nobody or with somebody there.
        plan.start = start + (dice.oneIn(2) ? dice.below(2000) : 0)
        plan.leaving = leaving
        plan.attempt = first.attempt.map { $0 + 1 }
        // With other bytes, of which they are told; with another key it is another question.
        if dice.oneIn(8) { plan.maxTokens = (first.maxTokens ?? 20) + 1 }
        if dice.oneIn(8) { plan.key = key }
    }

    private struct Result {
        let problems: [String]
        let trace: UInt64
        let tally: Tally
    }

    private static func schedule(_ plans: [AgentPlan], _ seed: UInt64) -> Result {
        let world = World(plans, seed: seed)
        let crash = CrashSwitch()
        let ended = Scheduler.run(
            seed: seed,
            limit: 200_000,
            betweenSteps: crash.tick,
            whenIdle: { world.clock.advanceToNextDeadline() },
            body: { await world.run(crashing: crash) },
        )
        let problems = world.problems + (ended ? [] : ["it does not end"])
        var tally = world.tally
        tally.steps = Scheduler.steps
        return Result(problems: problems, trace: Scheduler.trace, tally: tally)
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
