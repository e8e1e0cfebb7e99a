import Glibc

/// What a run is told, as NAME=VALUE.
struct Options {
    var world = "ledger"
    var seed: UInt64 = 1
    /// How many seeds, from `seed` on.
    var worlds = 1
    var steps = 500
    var length = 7
    /// After how many operations the books are audited in full.
    var audit = 100
    var samples = 1_000_000

    init(_ arguments: some Sequence<String>) {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { Options.complain("\(argument) is not NAME=VALUE") }
            let number = UInt64(parts[1])
            switch (parts[0], number) {
            case ("WORLD", _): world = parts[1]
            case ("SEED", let number?): seed = number
            case ("WORLDS", let number?): worlds = Int(clamping: number)
            case ("STEPS", let number?): steps = max(1, Int(clamping: number))
            case ("AUDIT", let number?): audit = max(1, Int(clamping: number))
            case ("LENGTH", let number?): length = max(1, Int(clamping: number))
            case ("SAMPLES", let number?): samples = max(1000, Int(clamping: number))
            case (_, _): Options.complain("\(argument) is no option of the simulation")
            }
        }
    }

    static func complain(_ line: String) -> Never {
        let bytes = Array("simulate: \(line)\n".utf8)
        _ = write(2, bytes, bytes.count)
        exit(64)
    }

    /// One line that reproduces a failure.
    func reproduction(seed: UInt64) -> String {
        "make simulate WORLD=\(world) SEED=\(seed) STEPS=\(steps) AUDIT=\(audit)"
    }
}
