package import Deposits
import Ledger
import Primitives

/// Which deposits an operator asks for.
package struct DepositQuery: Sendable {
    /// A state by name; all of them where it is not given.
    package var state: String?
    /// The last deposit of the page before.
    package var after: String?
    package var limit: Int?

    package init(state: String? = nil, after: String? = nil, limit: Int? = nil) {
        self.state = state
        self.after = after
        self.limit = limit
    }

    /// - Throws: ``GatewayError/invalidParameter(_:)``.
    func checked() throws(GatewayError) -> (DepositStage?, after: DepositID?, limit: Int) {
        let stage = try state.map { text throws(GatewayError) in
            guard let stage = DepositStage(rawValue: text) else { throw .invalidParameter("state") }
            return stage
        }
        let after = try after.map { text throws(GatewayError) in
            guard let id = DepositID(text) else { throw .invalidParameter("after") }
            return id
        }
        let limit = limit ?? 50
        guard (1...500).contains(limit) else { throw .invalidParameter("limit") }
        return (stage, after, limit)
    }
}

/// Who decides where nobody says so.
enum OperatorName {
    static let unnamed = "admin"
}

/// To whom an operator gives a deposit.
package struct AssignmentOrder: Codable, Sendable {
    package var customer: String
    /// Who decides, for the record.
    package var `operator`: String?

    package init(customer: String, operator: String? = nil) {
        self.customer = customer
        self.operator = `operator`
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case customer, `operator` }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        customer = try fields.decode(String.self, forKey: .customer)
        `operator` = try fields.decodeIfPresent(String.self, forKey: .operator)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

/// Why an operator refuses a deposit, or a withdrawal.
package struct RejectionOrder: Codable, Sendable {
    package var reason: String
    /// Who decides, for the record.
    package var `operator`: String?

    package init(reason: String, operator: String? = nil) {
        self.reason = reason
        self.operator = `operator`
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case reason, `operator` }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        reason = try fields.decode(String.self, forKey: .reason)
        `operator` = try fields.decodeIfPresent(String.self, forKey: .operator)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

/// A deposit as operators see it.
package struct DepositAnswer: Codable, Sendable {
    package struct Block: Codable, Sendable {
        package let number: Int64
        package let hash: String
    }

    package struct Step: Codable, Sendable {
        package let number: Int
        package let kind: String
        package let at: String
        package let evidence: String
        package let by: String
    }

    package let id: String
    package let chain: String
    package let transaction: String
    package let state: String
    /// Why it waits, was refused or is gone.
    package let reason: String?
    package let customer: String?
    package let asset: String
    /// In the asset's smallest unit.
    package let amount: Int64
    package let treasury: String
    package let sender: String?
    package let code: String?
    package let block: Block?
    package let isDisputed: Bool
    package let seenAt: String
    package let changedAt: String
    /// Everything that happened to it, oldest first; not told in lists.
    package let steps: [Step]?

    package init(_ deposit: Deposit, steps: [DepositStep]? = nil) {
        id = "\(deposit.id)"
        chain = deposit.id.chain
        transaction = deposit.id.transaction
        state = deposit.state.stage.rawValue
        (reason, customer) = deposit.state.words
        asset = deposit.event.asset.rawValue
        amount = deposit.event.amount.units
        treasury = "\(deposit.event.treasury)"
        sender = deposit.event.sender.map { "\($0)" }
        code = deposit.event.code
        block = deposit.block.map { Block(number: $0.number, hash: $0.hash) }
        isDisputed = deposit.isDisputed
        seenAt = deposit.seenAt.iso8601
        changedAt = deposit.changedAt.iso8601
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

extension Deposit.State {
    /// Why it is as it is, and whose it is or was.
    fileprivate var words: (reason: String?, customer: String?) {
        switch self {
        case .seen: (nil, nil)
        case .credited(let customer): (nil, "\(customer)")
        case .suspended(let suspicion): (suspicion.rawValue, nil)
        case .reversed(.credited(let customer, _)): ("left_the_chain", "\(customer)")
        case .reversed(.seen), .reversed(.suspended): ("left_the_chain", nil)
        case .rejected(let reason, _): (reason, nil)
        }
    }
}

package struct DepositListAnswer: Codable, Sendable {
    package let deposits: [DepositAnswer]
    /// What to ask for as `after` to read on; `nil` at the end.
    package let next: String?
}

/// One coin on one rail: what the books say that we hold there, and what the chain says.
package struct RailFigures: Encodable, Sendable {
    /// In the asset's smallest unit.
    package let custody: Int64
    /// The treasury's balance; `nil` where its node could not be asked.
    package let onChain: Int64?
}
