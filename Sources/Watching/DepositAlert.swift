import Deposits
import Logging
import Metrics
import Primitives

/// Tells the operator of what needs one.
struct DepositAlert: Sendable {
    private let chain: String
    private let logger: Logger

    /// How many transactions one line names.
    private static let mostNames = 3

    init(_ chain: String, logger: Logger) {
        self.chain = chain
        self.logger = logger
    }

    func tell(_ notice: UnreadNotice) {
        switch notice {
        case .unreadable(let unread):
            tell(
                "transaction can not be read",
                [
                    "transaction": "\(unread.transaction)", "code": "\(unread.reason)",
                    "node": "\(unread.node)",
                ],
            )
        case .unreadableHints(let node, let unread):
            let names = unread.prefix(DepositAlert.mostNames).map(\.transaction)
            tell(
                "transactions can not be read that a node beside the first lists",
                [
                    "node": "\(node)", "count": "\(unread.count)",
                    "code": "\(unread.first?.reason ?? "")",
                    "transactions": "\(names.joined(separator: " "))",
                ],
                of: unread.count,
            )
        case .full(let node):
            tell("node lists too much that the first one does not have", ["node": "\(node)"])
        case .dropped(let unread):
            let message: Logger.Message =
                "transaction is given up that the first node does not have"
            let names: Logger.Metadata = [
                "transaction": "\(unread.transaction)", "node": "\(unread.node)",
            ]
            // What a witness makes up is nobody's money.
            guard unread.isHint else { return tell(message, names) }
            logger.warning(message, metadata: names.merging(["chain": "\(chain)"]) { $1 })
        }
    }

    /// How far it is behind is told by a figure, and that nothing is read by an error at each look.
    func tell(_ lag: EVMLag) {
        Gauge(label: "farebox_deposit_final_lag_blocks", dimensions: [("chain", chain)])
            .record(lag.blocks)
        guard lag.stopsReading else { return }
        tell("what is final is behind where the chain is read on", ["blocks": "\(lag.blocks)"])
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

    private func tell(
        _ message: Logger.Message,
        _ metadata: Logger.Metadata,
        of count: Int = 1,
    ) {
        Counter(label: "farebox_deposit_alerts", dimensions: [("chain", chain)])
            .increment(by: count)
        logger.error(message, metadata: metadata.merging(["chain": "\(chain)"]) { $1 })
    }
}
