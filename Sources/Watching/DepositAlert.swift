import Deposits
import Logging
import Metrics
import Primitives

/// Tells the operator of what needs one.
struct DepositAlert: Sendable {
    private let chain: String
    private let logger: Logger

    init(_ chain: String, logger: Logger) {
        self.chain = chain
        self.logger = logger
    }

    /// There may be money in it, and nobody can tell.
    func tell(_ unread: UnreadTransaction) {
        tell(
            "transaction can not be read",
            ["transaction": "\(unread.transaction)", "code": "\(unread.reason)"],
        )
    }

    func tell(_ deposit: Deposit) {
        tell("deposit needs an operator", DepositAlert.metadata(of: deposit))
    }

    static func metadata(of deposit: Deposit) -> Logger.Metadata {
        [
            "deposit": "\(deposit.id)", "state": "\(deposit.state.stage.rawValue)",
            "amount": "\(deposit.event.amount)", "asset": "\(deposit.event.asset.rawValue)",
        ]
    }

    private func tell(_ message: Logger.Message, _ metadata: Logger.Metadata) {
        Counter(label: "farebox_deposit_alerts", dimensions: [("chain", chain)]).increment()
        logger.error(message, metadata: metadata.merging(["chain": "\(chain)"]) { $1 })
    }
}
