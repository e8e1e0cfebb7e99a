package import Deposits
package import Primitives

extension LeanBooks: DepositTransaction {
    package func deposit(_ id: DepositID) -> Deposit? { deposits[id] }

    package mutating func save(_ deposit: Deposit) { deposits[deposit.id] = deposit }

    package mutating func append(_ step: DepositStep, to id: DepositID) {
        depositSteps[id, default: []].append(step)
    }

    package func steps(of id: DepositID) -> [DepositStep] { depositSteps[id] ?? [] }

    /// A customer's code is its name.
    package func customer(ofDepositCode code: String) -> CustomerID? {
        customers.first { $0.description == code }
    }

    package func customer(ofWallet wallet: Wallet) -> CustomerID? { wallets[wallet] }

    package mutating func insert(_ binding: WalletBinding) {
        wallets[binding.wallet] = binding.customer
    }

    package func isCustomer(_ id: CustomerID) -> Bool { customers.contains(id) }
}

extension LeanBooks: DepositReading {
    package func deposits(
        in stage: DepositStage?,
        after id: DepositID?,
        limit: Int,
    ) -> [Deposit] {
        guard id == nil else { return [] }
        return deposits.values.filter { stage == nil || $0.state.stage == stage }
            .sorted { $0.id.description < $1.id.description }
    }
}
