/// A remark that was made twice: what not to write, where, and what to write instead.
struct TidyRule: Sendable, CustomStringConvertible {
    /// What is not written.
    let forbidden: [String]
    /// Where it is not written; a file is meant by its path.
    let applies: @Sendable (RepositoryFile) -> Bool
    let instead: String

    var description: String { forbidden.joined(separator: ", ") }

    /// One sentence for each line of `file` that breaks the rule.
    func findings(in file: RepositoryFile) -> [String] {
        guard applies(file) else { return [] }
        return file.code.enumerated().flatMap { index, line in
            forbidden.filter { line.containsWord($0) }.map {
                "\(file.path):\(index + 1): instead of \($0) \(instead)"
            }
        }
    }
}

extension TidyRule {
    private static let money = [
        "Primitives", "Pricing", "Ledger", "Receipts", "Metering", "Identity",
    ]

    /// The executables, which read the environment, hold the clocks and print.
    private static let commands = ["CLI", "SimulationRunner", "LifeSimulation", "DiskSimulation"]

    private static func isOutsideCLI(_ file: RepositoryFile) -> Bool {
        file.isIn("Sources") && !commands.contains(file.target ?? "")
    }

    static let all = [
        TidyRule(
            forbidden: ["Double", "Float", "Float32", "Float64", "CGFloat", "Decimal"],
            applies: { $0.isIn("Sources") && money.contains($0.target ?? "") },
            instead: "write Amount, or a whole number of the smallest unit",
        ),
        TidyRule(
            forbidden: ["Date()", "Date.now", "ContinuousClock()", "SuspendingClock()"],
            applies: isOutsideCLI,
            instead: "take a TimeSource or a clock in the initializer, or `now` as an argument",
        ),
        TidyRule(
            forbidden: ["UUID()"],
            applies: isOutsideCLI,
            instead: "take an IdentifierSource in the initializer",
        ),
        TidyRule(
            forbidden: ["ProcessInfo"],
            applies: isOutsideCLI,
            instead: "take the setting as an argument; only CLI reads the environment",
        ),
        TidyRule(
            forbidden: [
                "Task {", "Task.detached", "Task(priority", "Task(executor", "Task.immediate",
            ],
            applies: { isOutsideCLI($0) && !$0.path.hasSuffix("/InferenceSupervisor.swift") },
            instead: "add a child to a task group, or write a Service that `serve` runs",
        ),
        TidyRule(
            forbidden: ["@unchecked Sendable", "nonisolated(unsafe)"],
            applies: isOutsideCLI,
            instead: "keep the state in a Mutex",
        ),
        TidyRule(
            forbidden: ["try!"],
            applies: isOutsideCLI,
            instead: "throw, or say why it cannot fail in a preconditionFailure",
        ),
        TidyRule(
            forbidden: ["print(", "debugPrint(", "dump("],
            applies: isOutsideCLI,
            instead: "return what CLI prints, or log it",
        ),
        TidyRule(
            forbidden: ["Task.sleep"],
            applies: { $0.isIn("Tests") },
            instead: "wait for the event, or turn the HandClock",
        ),
    ]
}

extension String {
    /// Whether `word` stands in the line with nothing that continues a name on either side.
    func containsWord(_ word: String) -> Bool {
        var start = startIndex
        while let range = self[start...].firstRange(of: word) {
            let before = self[..<range.lowerBound].last
            let after = self[range.upperBound...].first
            let continuesBefore = word.first?.isOfName == true && before?.isOfNameOrMember == true
            let continuesAfter = word.last?.isOfName == true && after?.isOfName == true
            if !continuesBefore, !continuesAfter { return true }
            start = range.upperBound
        }
        return false
    }
}

extension Character {
    fileprivate var isOfName: Bool { isLetter || isNumber || self == "_" }
    /// `stream.print(` is somebody else's.
    fileprivate var isOfNameOrMember: Bool { isOfName || self == "." }
}
