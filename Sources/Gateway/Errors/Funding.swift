import Deposits
import Foundation
package import Identity
import Ledger
package import Primitives
package import Watching

/// How a customer funds its balance, as a refusal for money and `GET /v1/deposit` tell it.
package struct Funding: Hashable, Sendable, Encodable {
    /// Whom the operator may grant money to.
    package let customer: CustomerID?
    package let depositCode: String
    package let instructions: String
    /// One for each coin on each chain; empty where the operator takes no deposits.
    package let deposits: [DepositOffer]

    /// `missing` is the micro-USD that a deposit should come to; `nil` leaves it to the payer.
    package init(
        _ customer: Customer?,
        missing: Amount?,
        _ settings: GatewaySettings,
        at now: Timestamp,
    ) {
        let depositCode = customer?.depositCode ?? ""
        self.customer = customer?.id
        self.depositCode = depositCode
        let solRate = settings.solRates.rate(at: now)
        deposits = settings.rails.flatMap {
            $0.offers(toCode: depositCode, missing: missing, solRate: solRate)
        }
        instructions = Funding.instructions(deposits)
    }

    private static func instructions(_ deposits: [DepositOffer]) -> String {
        guard !deposits.isEmpty else { return "Ask the operator for a grant to this customer." }
        let pay = "Pay by one of the deposits, or ask the operator for a grant to this customer."
        guard deposits.contains(where: { $0.attribution == .wallet }) else { return pay }
        return pay
            + " One whose attribution is wallet is this customer's from a wallet that it has proven alone:"
            + " POST /v1/challenge, then POST /v1/session with the signature."
    }

    /// Keys in snake case.
    var json: String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            preconditionFailure("texts and whole numbers are always JSON: \(error)")
        }
    }
}
