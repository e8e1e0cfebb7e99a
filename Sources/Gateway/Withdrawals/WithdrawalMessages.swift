import Deposits
import Ledger
import Primitives
import Withdrawals

/// What a customer asks to have back.
struct WithdrawalRequest: Decodable, Sendable {
    /// Chosen by the customer; the same one pays once.
    let id: String
    let chain: String
    let asset: String
    /// In whole coins.
    let amount: String
    let wallet: String

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id, chain, asset, amount, wallet
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decode(String.self, forKey: .id)
        chain = try fields.decode(String.self, forKey: .chain)
        asset = try fields.decode(String.self, forKey: .asset)
        amount = try fields.decode(String.self, forKey: .amount)
        wallet = try fields.decode(String.self, forKey: .wallet)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

/// Who lets a withdrawal go out.
package struct ApprovalOrder: Codable, Sendable {
    /// Who decides, for the record.
    package var `operator`: String?

    package init(operator: String? = nil) { self.operator = `operator` }

    private enum CodingKeys: String, CodingKey, CaseIterable { case `operator` }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        `operator` = try fields.decodeIfPresent(String.self, forKey: .operator)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

/// Which withdrawals an operator asks for.
package struct WithdrawalQuery: Sendable {
    /// A state by name; all of them where it is not given.
    package var state: String?
    /// The last withdrawal of the page before.
    package var after: String?
    package var limit: Int?

    package init(state: String? = nil, after: String? = nil, limit: Int? = nil) {
        self.state = state
        self.after = after
        self.limit = limit
    }

    /// - Throws: ``GatewayError/invalidParameter(_:)``.
    func checked() throws(GatewayError) -> (WithdrawalStage?, after: WithdrawalID?, limit: Int) {
        let stage = try state.map { text throws(GatewayError) in
            guard let stage = WithdrawalStage(rawValue: text) else {
                throw .invalidParameter("state")
            }
            return stage
        }
        let after = try after.map { text throws(GatewayError) in
            guard let id = WithdrawalID(text) else { throw .invalidParameter("after") }
            return id
        }
        let limit = limit ?? 50
        guard (1...500).contains(limit) else { throw .invalidParameter("limit") }
        return (stage, after, limit)
    }
}

/// A withdrawal as its customer and operators see it.
package struct WithdrawalAnswer: Codable, Sendable {
    package struct Step: Codable, Sendable {
        package let number: Int
        package let kind: String
        package let at: String
        package let evidence: String
        package let by: String
    }

    package let id: String
    package let customer: String
    package let chain: String
    package let asset: String
    /// In the asset's smallest unit.
    package let amount: Int64
    package let wallet: String
    package let state: String
    /// Why it failed or was rejected.
    package let reason: String?
    /// What paid it, or was signed for it; `nil` where nothing is signed, or to be signed anew.
    package let transaction: String?
    package let requestedAt: String
    package let changedAt: String
    /// Everything that happened to it, oldest first; not told in lists.
    package let steps: [Step]?

    init(_ withdrawal: Withdrawal, steps: [WithdrawalStep]? = nil) {
        let order = withdrawal.order
        id = order.id.name
        customer = "\(order.id.customer)"
        chain = order.chain
        asset = order.asset.rawValue
        amount = order.amount.units
        wallet = "\(order.wallet)"
        state = withdrawal.state.stage.rawValue
        reason = withdrawal.state.reason
        if case .approved = withdrawal.state {
            transaction = nil
        } else {
            transaction = withdrawal.state.transaction
        }
        requestedAt = withdrawal.requestedAt.iso8601
        changedAt = withdrawal.changedAt.iso8601
        self.steps = steps?.map {
            Step(
                number: $0.number,
                kind: $0.kind.rawValue,
                at: $0.at.iso8601,
                evidence: $0.evidence,
                by: "\($0.by)",
            )
        }
    }
}

package struct WithdrawalListAnswer: Codable, Sendable {
    package let withdrawals: [WithdrawalAnswer]
    /// What to ask for as `after` to read on; `nil` at the end.
    package let next: String?
}
