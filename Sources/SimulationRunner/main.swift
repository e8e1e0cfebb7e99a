import Simulation

let arguments = CommandLine.arguments.dropFirst()
let options = Options(arguments)
switch options.world {
case "ledger": LedgerRun(options).run()
case "small": SmallRun(options).run()
case "deposits": SmallRun(options).runDeposits()
case "timing": TimingRun(options).run()
default: Options.complain("WORLD is ledger, small, deposits or timing, not \(options.world)")
}
