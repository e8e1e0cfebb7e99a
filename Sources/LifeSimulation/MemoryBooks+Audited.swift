import GatewayTestKit
package import Ledger
package import Primitives
import Simulation

extension MemoryBooks: AuditedBooks {
    package func links(after sequence: Int64) -> ArraySlice<ChainedTransfer> {
        links[min(Int(sequence), links.count)...]
    }

    package func hold(_ id: InferenceID) -> Hold? { holds[id] }
    package func balance(of account: AccountID) -> Balance { balances[account] ?? .zero }
    package func spending(of spender: Spender) -> Spending { spendings[spender] ?? .zero }

    package func charged(by spender: Spender, on day: Int64) -> Amount {
        dailyCharges[spender]?[day] ?? .zero
    }

    package func openHoldCount() -> Int { holds.values.count { $0.state == .open } }
}
