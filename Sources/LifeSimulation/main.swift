import GatewayTestKit
import Glibc
import Simulation

// Seeded sets and dictionaries are part of a schedule.
guard getenv("SWIFT_DETERMINISTIC_HASHING") != nil else {
    print(
        "life-simulation: run it with SWIFT_DETERMINISTIC_HASHING=1, or by make simulate WORLD=life"
    )
    exit(64)
}
let options = LifeOptions(CommandLine.arguments.dropFirst())
Scheduler.install()
LifeRun(options).run()
