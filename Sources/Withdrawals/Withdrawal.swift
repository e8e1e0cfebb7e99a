package import Deposits
package import Primitives

/// Everything the books know of money that a customer takes back.
///
/// From the moment that it is asked for, the money stands in `payout` and can not be spent. Its steps are
/// kept beside it.
package struct Withdrawal: Hashable, Sendable {
    /// What is asked for; it never changes.
    package struct Order: Hashable, Sendable {
        package let id: WithdrawalID
        /// The rail's name, as deposits have it.
        package let chain: String
        package let asset: Asset
        /// In the asset's smallest unit.
        package let amount: Amount
        /// Where the money goes; it was proven to be the customer's.
        package let wallet: Wallet

        package init(
            id: WithdrawalID,
            chain: String,
            asset: Asset,
            amount: Amount,
            wallet: Wallet,
        ) {
            self.id = id
            self.chain = chain
            self.asset = asset
            self.amount = amount
            self.wallet = wallet
        }
    }

    /// A signed transaction; it is kept before it is sent.
    package struct Payment: Hashable, Sendable {
        /// Its hash or signature, as deposits name transactions.
        package let transaction: String
        /// What the chain takes but once: the nonce of an EVM transaction, or the last block height at which
        /// one of Solana's may land.
        package let place: Int64
        /// The bytes that are sent, each time the same ones.
        package let raw: [UInt8]
        package let signedAt: Timestamp
        /// The names of those that were signed for the same place before, oldest first.
        ///
        /// The chain takes one of them all, and it may be any.
        package let replaced: [String]

        /// - Returns: `nil` where a text names no transaction.
        package init?(
            transaction: String,
            place: Int64,
            raw: [UInt8],
            signedAt: Timestamp,
            replaced: [String] = [],
        ) {
            guard let transaction = ChainText.transaction(transaction) else { return nil }
            let earlier = replaced.compactMap { ChainText.transaction($0) }
            guard earlier.count == replaced.count else { return nil }
            self.transaction = transaction
            self.place = place
            self.raw = raw
            self.signedAt = signedAt
            self.replaced = earlier
        }

        /// Everything that may land for it, newest first.
        package var names: [String] { [transaction] + replaced.reversed() }
    }

    /// Where the money is.
    package enum State: Hashable, Sendable {
        /// It waits for its time, or for an operator.
        case requested
        /// It may be signed and sent. What was signed for it before did not land, as far as was known then.
        case approved(after: Payment?)
        /// It is signed, and may land at any moment.
        case broadcast(Payment)
        /// It is paid, by this transaction: the chain will not take it back.
        case confirmed(transaction: String)
        /// It can not land any more; an operator approves it anew or rejects it.
        case failed(Payment, reason: String)
        /// An operator says that what was signed will never land. It is asked for all the same, until an
        /// operator approves it anew, which signs another one, or rejects it.
        case givenUp(Payment, reason: String)
        /// The customer has the money back. Nothing follows.
        case rejected(reason: String)
    }

    package let order: Order
    package internal(set) var state: State
    /// When it was approved by the rules alone; `nil` where an operator did, or nobody has.
    package internal(set) var approvedByRuleAt: Timestamp?
    /// How many steps it has.
    package internal(set) var stepCount: Int
    package let requestedAt: Timestamp
    package internal(set) var changedAt: Timestamp

    package var id: WithdrawalID { order.id }

    /// A withdrawal as it was stored.
    package init(
        order: Order,
        state: State,
        approvedByRuleAt: Timestamp?,
        stepCount: Int,
        requestedAt: Timestamp,
        changedAt: Timestamp,
    ) {
        self.order = order
        self.state = state
        self.approvedByRuleAt = approvedByRuleAt
        self.stepCount = stepCount
        self.requestedAt = requestedAt
        self.changedAt = changedAt
    }
}

/// The state of a withdrawal in one word.
///
/// The raw values are stored and printed; they are never renamed.
package enum WithdrawalStage: String, CaseIterable, Hashable, Sendable {
    case requested, approved, broadcast, confirmed, failed
    case givenUp = "given_up"
    case rejected
}

extension Withdrawal.State {
    package var stage: WithdrawalStage {
        switch self {
        case .requested: .requested
        case .approved: .approved
        case .broadcast: .broadcast
        case .confirmed: .confirmed
        case .failed: .failed
        case .givenUp: .givenUp
        case .rejected: .rejected
        }
    }

    /// Why it failed, was given up or rejected.
    package var reason: String? {
        switch self {
        case .failed(_, let reason), .givenUp(_, let reason), .rejected(let reason): reason
        case .requested, .approved, .broadcast, .confirmed: nil
        }
    }

    /// What was signed for it last, while it is not paid.
    package var payment: Withdrawal.Payment? {
        switch self {
        case .approved(let payment): payment
        case .broadcast(let payment), .failed(let payment, _), .givenUp(let payment, _): payment
        case .requested, .confirmed, .rejected: nil
        }
    }

    /// The name of what paid it, or was signed for it last.
    package var transaction: String? {
        if case .confirmed(let transaction) = self { transaction } else { payment?.transaction }
    }
}

/// One thing that happened to a withdrawal; it is kept as it was written.
package struct WithdrawalStep: Hashable, Sendable {
    /// What happened.
    ///
    /// The raw values are stored and printed; they are never renamed.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// The money went to `payout`.
        case requested
        case approved
        /// A transaction was signed, to be sent.
        case broadcast
        /// The transaction did not land in its time, and never will; another one is signed.
        case expired
        /// The transaction failed, or another took its place.
        case failed
        /// An operator says that the transaction will never land.
        case givenUp = "given_up"
        /// The transaction is final.
        case confirmed
        /// The money went back.
        case rejected
    }

    /// 1 for a withdrawal's first step, then without gaps.
    package let number: Int
    package let kind: Kind
    package let at: Timestamp
    /// What shows it: a transaction, a block, somebody's reason.
    package let evidence: String
    package let by: StepActor

    package init(number: Int, kind: Kind, at: Timestamp, evidence: String, by: StepActor) {
        self.number = number
        self.kind = kind
        self.at = at
        self.evidence = ChainText.quoted(evidence, longest: DepositStep.longestEvidence)
        self.by = by
    }
}
