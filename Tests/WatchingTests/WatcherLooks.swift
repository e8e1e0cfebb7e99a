import Deposits
import Primitives

@testable import Watching

extension EVMWatcher {
    /// Looks once, and returns what became of deposits.
    func look() async throws -> [DepositOutcome] {
        var outcomes: [DepositOutcome] = []
        try await look(&outcomes)
        return outcomes
    }
}

extension SolanaWatcher {
    /// Looks once, and returns what became of deposits.
    func look() async throws -> [DepositOutcome] {
        var outcomes: [DepositOutcome] = []
        try await look(&outcomes)
        return outcomes
    }
}
