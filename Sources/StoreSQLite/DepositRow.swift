import Deposits
import Ledger
import Primitives

/// How a deposit is written in a row.
enum DepositRow {
    static let select = """
        SELECT id, asset, amount, treasury, sender, code, block_number, block_hash, state, was,
            suspicion, customer, lost, reason, disputed, steps, seen_at, changed_at
        FROM deposits
        """

    static let selectOne: StaticString = """
        SELECT id, asset, amount, treasury, sender, code, block_number, block_hash, state, was,
            suspicion, customer, lost, reason, disputed, steps, seen_at, changed_at
        FROM deposits WHERE id = ?
        """

    static let upsert: StaticString = """
        INSERT INTO deposits (id, asset, amount, treasury, sender, code, block_number, block_hash,
            state, was, suspicion, customer, lost, reason, disputed, steps, seen_at, changed_at,
            seal)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            asset = excluded.asset, amount = excluded.amount, treasury = excluded.treasury,
            sender = excluded.sender, code = excluded.code,
            block_number = excluded.block_number, block_hash = excluded.block_hash,
            state = excluded.state, was = excluded.was, suspicion = excluded.suspicion,
            customer = excluded.customer, lost = excluded.lost, reason = excluded.reason,
            disputed = excluded.disputed, steps = excluded.steps,
            changed_at = excluded.changed_at, seal = excluded.seal
        """

    static func values(of deposit: Deposit) -> [StoredValue] {
        let (event, state) = (deposit.event, StateColumns(deposit.state))
        return [
            .text(deposit.id.description), .text(event.asset.rawValue),
            .integer(event.amount.units), .text(event.treasury.description),
            .optional(event.sender?.description), .optional(event.code),
            .optional(deposit.block?.number), .optional(deposit.block?.hash),
            .text(deposit.state.stage.rawValue), .optional(state.was?.rawValue),
            .optional(state.suspicion?.rawValue), .optional(state.customer?.description),
            .optional(state.lost?.units), .optional(state.reason),
            .integer(deposit.isDisputed ? 1 : 0), .integer(Int64(deposit.stepCount)),
            .integer(deposit.seenAt.microseconds), .integer(deposit.changedAt.microseconds),
        ]
    }

    static func deposit(_ columns: inout RowReader) throws(StoreError) -> Deposit {
        Deposit(
            id: try columns.parsed("id", DepositID.init),
            event: DepositEvent(
                asset: try columns.parsed("asset", Asset.init(rawValue:)),
                amount: try columns.amount("amount"),
                treasury: try columns.parsed("treasury", Wallet.init),
                sender: try columns.optionallyParsed("sender", Wallet.init),
                code: try columns.optionalText("code"),
            ),
            block: try columns.block(),
            state: try columns.depositState(),
            isDisputed: try columns.integer("disputed") != 0,
            stepCount: Int(try columns.integer("steps")),
            seenAt: try columns.timestamp("seen_at"),
            changedAt: try columns.timestamp("changed_at"),
        )
    }

    static func step(_ columns: inout RowReader) throws(StoreError) -> DepositStep {
        DepositStep(
            number: Int(try columns.integer("number")),
            kind: try columns.parsed("kind", DepositStep.Kind.init(rawValue:)),
            at: try columns.timestamp("at"),
            evidence: try columns.text("evidence"),
            by: try columns.parsed("actor", StepActor.init),
        )
    }

    static func unread(_ columns: inout RowReader) throws(StoreError) -> UnreadTransaction {
        let (chain, transaction) = (
            try columns.text("chain"), try columns.text("transaction_name"),
        )
        let unread = UnreadTransaction(
            chain: chain,
            transaction: transaction,
            node: Int(try columns.integer("node")),
            since: try columns.timestamp("since"),
            reason: try columns.text("reason"),
            isTold: try columns.integer("told") != 0,
            absence: try columns.absence(),
        )
        guard let unread else { throw columns.corrupt("transaction_name") }
        return unread
    }
}

/// What of a deposit's state stands beside the stage's word.
private struct StateColumns {
    var was: DepositStage?
    var suspicion: Deposit.Suspicion?
    var customer: CustomerID?
    var lost: Amount?
    var reason: String?

    init(_ state: Deposit.State) {
        switch state {
        case .seen: break
        case .credited(let customer): self.customer = customer
        case .suspended(let suspicion): self.suspicion = suspicion
        case .reversed(let reversal): take(reversal)
        case .rejected(let reason, let gone):
            self.reason = reason
            if let gone { take(gone) }
        }
    }

    private mutating func take(_ reversal: Deposit.Reversal) {
        switch reversal {
        case .seen: was = .seen
        case .suspended(let suspicion): (was, self.suspicion) = (.suspended, suspicion)
        case .credited(let customer, let lost):
            (was, self.customer, self.lost) = (.credited, customer, lost)
        }
    }
}

extension RowReader {
    fileprivate mutating func optionallyParsed<Value>(
        _ column: String,
        _ read: (String) -> Value?,
    ) throws(StoreError) -> Value? {
        guard let text = try optionalText(column) else { return nil }
        guard let value = read(text) else { throw corrupt(column) }
        return value
    }

    fileprivate mutating func block() throws(StoreError) -> BlockReference? {
        let number = try optionalInteger("block_number")
        let hash = try optionalText("block_hash")
        guard let number, let hash else { return nil }
        guard let block = BlockReference(number: number, hash: hash) else {
            throw corrupt("block_hash")
        }
        return block
    }

    fileprivate mutating func absence() throws(StoreError) -> Absence? {
        let since = try optionalTimestamp("missing_since")
        let notedAt = try optionalTimestamp("missing_noted_at")
        guard let since, let notedAt else { return nil }
        return Absence(since: since, notedAt: notedAt)
    }

    fileprivate mutating func depositState() throws(StoreError) -> Deposit.State {
        let stage = try parsed("state", DepositStage.init(rawValue:))
        let was = try optionallyParsed("was", DepositStage.init(rawValue:))
        let suspicion = try optionallyParsed("suspicion", Deposit.Suspicion.init(rawValue:))
        let customer = try optionalText("customer").map { CustomerID($0) }
        let lost = try optionalAmount("lost")
        let reason = try optionalText("reason")
        let reversal: Deposit.Reversal? =
            switch (was, suspicion, customer, lost) {
            case (.seen, nil, nil, nil): .seen
            case (.suspended, let suspicion?, nil, nil): .suspended(suspicion)
            case (.credited, nil, let customer?, let lost?): .credited(customer, lost: lost)
            case (_, _, _, _): nil
            }
        guard (was == nil) == (reversal == nil) else { throw corrupt("was") }
        switch (stage, reversal, suspicion, customer, reason) {
        case (.seen, nil, nil, nil, nil): return .seen
        case (.credited, nil, nil, let customer?, nil): return .credited(customer)
        case (.suspended, nil, let suspicion?, nil, nil): return .suspended(suspicion)
        case (.reversed, let reversal?, _, _, nil): return .reversed(reversal)
        case (.rejected, let gone, _, _, let reason?) where gone != .seen:
            return .rejected(reason: reason, gone: gone)
        case (_, _, _, _, _): throw corrupt("state")
        }
    }
}
