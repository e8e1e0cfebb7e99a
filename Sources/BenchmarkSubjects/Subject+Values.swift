import GatewayTestKit
import Identity
import Ledger
import Metering
import Pricing
import Primitives
import Receipts

extension Subject {
    private static let repetitions = 100

    /// What needs neither bytes from outside nor a store.
    static func values() throws -> [Subject] {
        let card = try RateCardDraft.sample().published()
        guard let rate = card.index()["openai/sample"] else {
            preconditionFailure("the sample card has its model")
        }
        return [quote(rate), charge(rate), digest, chain]
    }

    /// The ceiling of a request, fitted into a balance.
    private static func quote(_ rate: Rate) -> Subject {
        let demand = Demand(inputBound: 4000, inputEstimate: 1000, outputLimit: 256)
        return Subject("quote", count: repetitions) {
            for _ in 0..<repetitions {
                let quote = Quote(rate: rate, demand: demand)
                keep(quote.fit(available: 1_000_000, policy: HoldPolicy(mode: .adaptive)))
            }
        }
    }

    /// What a usage comes to.
    private static func charge(_ rate: Rate) -> Subject {
        let usage = Usage([.input: 1000, .cacheRead: 500, .output: 200])
        return Subject("charge", count: repetitions) {
            for _ in 0..<repetitions { keep(Charge(of: usage, at: rate, hold: 100_000)) }
        }
    }

    /// The digest of a presented key, and the comparison with the stored one.
    private static var digest: Subject {
        let secret = Secret(.seeded(1))
        let stored = secret.digest
        return Subject("digest of a key", count: repetitions) {
            for _ in 0..<repetitions {
                keep(Secret(presented: secret.text).keyID)
                precondition(secret.digest == stored, "a secret has one digest")
            }
        }
    }

    /// Transfers in their chain.
    private static var chain: Subject {
        let customer: CustomerID = "cus_0123456789ab0123456789abcdef0123"
        let transfer = Transfer(
            id: "inf_0123456789ab0123456789abcdef0123/cost/usdc",
            code: .cost,
            debit: .customer(customer, .usdc),
            credit: AccountID(.provider("openai"), .usdc),
            amount: 1234,
            cause: "inf_0123456789ab0123456789abcdef0123",
            at: .second(0),
        )
        return Subject("link of the chain", count: repetitions) {
            var end = TransferChain.empty
            for _ in 0..<repetitions { keep(end.append(transfer)) }
        }
    }
}
