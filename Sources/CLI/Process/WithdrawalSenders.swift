import Gateway
import Ledger
import Logging
import Paying
import Primitives
import ServiceLifecycle
import StoreSQLite
import Watching

extension ServeSettings {
    /// What brings the withdrawals of a chain out; `nil` where it pays nothing out.
    func sender(
        of chain: ChainSettings,
        _ store: SQLiteStore,
        _ client: NodeClient,
    ) -> (any Service)? {
        let nodes = client.nodes(at: chain.nodes)
        switch (chain.watching, chain.key) {
        case (.evm(let watching), .evm(let key)?):
            return sender(chain, EVMPayer(watching, nodes: nodes, key: key), store)
        case (.solana(let watching), .solana(let key)?):
            return sender(chain, SolanaPayer(watching, nodes: nodes, key: key), store)
        case (_, _): return nil
        }
    }

    private func sender(
        _ chain: ChainSettings,
        _ payer: some ChainPayer,
        _ store: SQLiteStore,
    ) -> any Service {
        WithdrawalSender(
            chain.rail.chain,
            payer,
            store: store,
            policy: gateway.withdrawals,
            solRate: { [rates = gateway.solRates, pace] in rates.rate(at: pace.now()) },
            pace: pace,
            logger: Logger(label: "farebox.withdrawals"),
        )
    }
}
