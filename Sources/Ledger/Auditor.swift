package import Primitives

/// The first thing in the books that does not follow from the transfers.
package enum AuditDifference: Error, Hashable, CustomStringConvertible {
    case gap(writer: String, expected: Int64, found: Int64)
    case brokenChain(writer: String, sequence: Int64, transfer: TransferID)
    case chainEnd(writer: String, stored: Int64, derived: Int64)
    case balance(AccountID, stored: Balance, derived: Balance)
    case negative(AccountID, posted: Int64)
    case overheld(AccountID, posted: Int64, held: Amount)
    case charge(InferenceID, stored: String, derived: Int64)
    case refund(InferenceID, stored: Int64, derived: Int64)
    case spending(Spender, stored: Spending, derived: Spending)
    case dailyCharge(Spender, day: Int64, stored: Amount, derived: Amount)
    case unbalanced(Asset, debits: Int64, credits: Int64)
    /// Another module's rule, as one sentence.
    case other(String)

    package var description: String {
        switch self {
        case .gap(let writer, let expected, let found):
            "chain \(writer): transfer \(expected) is missing, \(found) follows"
        case .brokenChain(let writer, let sequence, let transfer):
            "chain \(writer): transfer \(sequence) (\(transfer)) does not match its digest"
        case .chainEnd(let writer, let stored, let derived):
            "chain \(writer): ends at \(derived), the store remembers \(stored)"
        case .balance(let account, let stored, let derived):
            "\(account): stored \(stored.summary), derived \(derived.summary)"
        case .negative(let account, let posted): "\(account): is below zero, posted \(posted)"
        case .overheld(let account, let posted, let held):
            "\(account): holds reserve \(held), posted \(posted)"
        case .charge(let id, let stored, let derived):
            "hold \(id): is \(stored), its transfers charge \(derived)"
        case .refund(let id, let stored, let derived):
            "hold \(id): refunds \(stored), its transfers refund \(derived)"
        case .spending(let spender, let stored, let derived):
            "\(spender): stored charged \(stored.charged) held \(stored.held), "
                + "derived charged \(derived.charged) held \(derived.held)"
        case .dailyCharge(let spender, let day, let stored, let derived):
            "\(spender): stored \(stored) on day \(day), derived \(derived)"
        case .unbalanced(let asset, let debits, let credits):
            "\(asset.rawValue): debits are \(debits), credits are \(credits)"
        case .other(let sentence): sentence
        }
    }
}

extension AuditDifference {
    /// Refuses a row that is not after the one before it: in a damaged file the next page can be the
    /// last one again, for ever.
    package static func requireOrder<ID: CustomStringConvertible>(
        of id: ID,
        after last: ID?,
    ) throws(AuditDifference) {
        guard let last else { return }
        guard last.description.utf8.lexicographicallyPrecedes(id.description.utf8) else {
            throw .other("\(id) is out of order: it follows \(last)")
        }
    }
}

extension Balance {
    fileprivate var summary: String { "credits \(credits) debits \(debits) held \(held)" }
}

/// Re-derives every balance from the transfers and the holds, independent of the rules that wrote
/// them.
package struct Auditor {
    var chains: [String: TransferChain] = [:]
    var derived: [AccountID: Balance] = [:]
    /// What transfers charged and refunded by cause, until the hold that caused them is seen.
    var charged: [String: Int64] = [:]
    var refunded: [String: Int64] = [:]
    var spendings: [Spender: Spending] = [:]
    var daily: [Spender: [Int64: Amount]] = [:]
    package private(set) var transferCount = 0
    package private(set) var holdCount = 0
    package private(set) var openHoldCount = 0
    package private(set) var capturedHoldCount = 0
    /// How many transfers move deposits, each of which a deposit's record must account for.
    package private(set) var depositTransferCount = 0
    /// How many transfers move withdrawals, each of which a withdrawal's record must account for.
    package private(set) var withdrawalTransferCount = 0

    package init() {}

    /// Takes the writer's next transfer.
    package mutating func check(
        _ link: ChainedTransfer,
        of writer: String,
    ) throws(AuditDifference) {
        var chain = chains[writer] ?? .empty
        guard link.sequence == chain.sequence + 1 else {
            throw .gap(writer: writer, expected: chain.sequence + 1, found: link.sequence)
        }
        guard chain.append(link.transfer) == link else {
            throw .brokenChain(
                writer: writer,
                sequence: link.sequence,
                transfer: link.transfer.id,
            )
        }
        chains[writer] = chain
        transferCount += 1
        let transfer = link.transfer
        try derived[transfer.debit, default: .zero].debits.add(transfer.amount)
        try derived[transfer.credit, default: .zero].credits.add(transfer.amount)
        switch transfer.code {
        case .cost, .margin: charged[transfer.cause, default: 0] += transfer.amount.units
        case .refund: refunded[transfer.cause, default: 0] += transfer.amount.units
        case .deposit, .assignment, .reversal, .restoration, .rejection: depositTransferCount += 1
        case .withdrawal, .withdrawalReturn, .payment, .networkFee: withdrawalTransferCount += 1
        case .grant, .overrunCost, .overrunMargin: break
        }
        if case .customer = transfer.debit.owner, let posted = derived[transfer.debit]?.posted,
            posted < 0
        {
            throw .negative(transfer.debit, posted: posted)
        }
    }

    /// Takes every transfer that it has not taken yet, to the end of each chain.
    mutating func readOn(_ books: inout some LedgerReading, page: Int) throws {
        for writer in try books.writers() {
            while case let links = try books.transfers(
                of: writer,
                after: chains[writer]?.sequence ?? 0,
                limit: page,
            ), !links.isEmpty {
                for link in links { try check(link, of: writer) }
            }
            try checkEnd(of: writer, try books.chain(of: writer))
        }
    }

    /// Compares where the writer's chain ends with what the store remembers.
    package func checkEnd(
        of writer: String,
        _ stored: TransferChain,
    ) throws(AuditDifference) {
        let chain = chains[writer] ?? .empty
        guard chain == stored else {
            throw .chainEnd(writer: writer, stored: stored.sequence, derived: chain.sequence)
        }
    }

    /// Takes one hold; all transfers have been taken before.
    package mutating func check(_ hold: Hold) throws(AuditDifference) {
        holdCount += 1
        let taken = charged.removeValue(forKey: hold.id.description) ?? 0
        let expected: Int64
        switch hold.state {
        case .open:
            openHoldCount += 1
            for part in hold.parts {
                try derived[.customer(hold.customer, part.asset), default: .zero].held
                    .add(part.amount)
            }
            for spender in hold.spenders {
                try spendings[spender, default: .zero].held.add(hold.amount)
            }
            expected = 0
        case .captured(let charge):
            capturedHoldCount += 1
            try count(hold, charging: charge)
            expected = hold.inAsset(charge)
        case .released, .expired: expected = 0
        }
        guard taken == expected, taken <= hold.parts.reduce(0, { $0 + Int128($1.amount.units) })
        else {
            throw .charge(hold.id, stored: "\(hold.state)", derived: taken)
        }
        let returned = refunded.removeValue(forKey: hold.id.description) ?? 0
        let refund = hold.inAsset(hold.refunded ?? .zero)
        guard returned == refund, returned <= taken else {
            throw .refund(hold.id, stored: refund, derived: returned)
        }
    }

    private mutating func count(
        _ hold: Hold,
        charging charge: Amount,
    ) throws(AuditDifference) {
        let rest = charge.subtractingOrZero(hold.refunded ?? .zero)
        guard rest > .zero, let day = hold.resolvedAt?.day else { return }
        for spender in hold.spenders {
            try spendings[spender, default: .zero].charged.add(rest)
            try daily[spender, default: [:]][day, default: .zero].add(rest)
        }
    }

    /// Compares what was derived of every spender with what is stored.
    package func check(
        spendings stored: [(Spender, Spending)],
        daily storedDaily: [DailyCharge],
    ) throws(AuditDifference) {
        let stored = Dictionary(stored, uniquingKeysWith: { first, _ in first })
        for spender in Set(stored.keys).union(spendings.keys).sorted(by: { "\($0)" < "\($1)" }) {
            let (found, expected) = (stored[spender] ?? .zero, spendings[spender] ?? .zero)
            guard found == expected else {
                throw .spending(spender, stored: found, derived: expected)
            }
        }
        var missing = daily
        for row in storedDaily {
            let expected = missing[row.spender]?.removeValue(forKey: row.day) ?? .zero
            guard row.charged == expected else {
                throw .dailyCharge(
                    row.spender,
                    day: row.day,
                    stored: row.charged,
                    derived: expected,
                )
            }
        }
        for (spender, days) in missing {
            guard let (day, charge) = days.min(by: { $0.key < $1.key }) else { continue }
            throw .dailyCharge(spender, day: day, stored: .zero, derived: charge)
        }
    }

    /// Compares what was derived of one account with what is stored.
    func check(_ stored: Balance, of account: AccountID) throws(AuditDifference) {
        let expected = derived[account] ?? .zero
        guard stored == expected else {
            throw .balance(account, stored: stored, derived: expected)
        }
        guard account.mayHold(expected) else {
            throw .overheld(account, posted: expected.posted, held: expected.held)
        }
    }

    /// Compares what was derived with the balances that are stored.
    package func check(accounts: [(AccountID, Balance)]) throws(AuditDifference) {
        if let (cause, amount) = charged.min(by: { $0.key < $1.key }) {
            throw .charge(InferenceID(cause), stored: "missing", derived: amount)
        }
        if let (cause, amount) = refunded.min(by: { $0.key < $1.key }) {
            throw .refund(InferenceID(cause), stored: 0, derived: amount)
        }
        let stored = Dictionary(accounts, uniquingKeysWith: { first, _ in first })
        for account in Set(stored.keys).union(derived.keys).sorted(by: { "\($0)" < "\($1)" }) {
            try check(stored[account] ?? .zero, of: account)
        }
        for asset in Asset.allCases {
            let ofAsset = derived.filter { $0.key.asset == asset }.values
            // A sum over accounts may exceed what each of them can count.
            let debits = ofAsset.reduce(Int128(0)) { $0 + Int128($1.debits.units) }
            let credits = ofAsset.reduce(Int128(0)) { $0 + Int128($1.credits.units) }
            guard debits == credits else {
                throw .unbalanced(
                    asset,
                    debits: Int64(clamping: debits),
                    credits: Int64(clamping: credits),
                )
            }
        }
    }
}

extension Hold {
    /// So many micro-USD in the unit of the hold's transfers.
    func inAsset(_ microdollars: Amount) -> Int64 {
        guard microdollars > .zero, let solRate else { return microdollars.units }
        return solRate.lamports(covering: microdollars)?.units ?? .max
    }
}

extension Amount {
    /// A row that was changed can claim any amount, so a sum that does not fit is a finding.
    mutating func add(_ other: Amount) throws(AuditDifference) {
        guard let sum = adding(other) else { throw .other("the books exceed 64 bits") }
        self = sum
    }
}

extension LedgerReading {
    /// Audits everything this state of the store holds.
    ///
    /// - Throws: the first ``AuditDifference``.
    package mutating func auditLedger(page: Int = 10_000) throws -> Auditor {
        var auditor = Auditor()
        try auditor.readOn(&self, page: page)
        var last: InferenceID?
        while case let page = try holds(after: last, limit: page), !page.isEmpty {
            for hold in page {
                try AuditDifference.requireOrder(of: hold.id, after: last)
                try auditor.check(hold)
                last = hold.id
            }
        }
        try auditor.check(accounts: try accounts())
        try auditor.check(spendings: try spendings(), daily: try dailyCharges())
        return auditor
    }
}
