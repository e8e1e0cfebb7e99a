import Deposits
import Primitives

extension Store where Transaction: DepositWatchTransaction {
    /// All deposits of a chain in one stage, read so many at a time.
    func deposits(
        on chain: String,
        in stage: DepositStage,
        page: Int = 1000,
    ) async throws -> [Deposit] {
        var (all, last) = ([Deposit](), DepositID?.none)
        repeat {
            let after = last
            let found = try await read { transaction in
                try transaction.deposits(on: chain, in: stage, after: after, limit: page)
            }
            all += found
            last = found.last?.id
        } while last != nil
        return all
    }
}
