import Primitives

/// The transfers that settle one hold, worked out before anything is written.
struct CapturePlan {
    let transfers: [Transfer]

    /// The charge takes the hold's parts in their order; the provider's cost comes first out of it,
    /// the margin is the rest.
    ///
    /// What the price exceeds the hold by is booked to overrun in the asset of the hold's last
    /// part.
    init(_ hold: Hold, _ settlement: Settlement, at now: Timestamp) {
        var transfers: [Transfer] = []
        func add(_ code: TransferCode, _ from: AccountID, _ to: AccountID, _ amount: Amount) {
            guard amount > .zero else { return }
            transfers.append(
                Transfer(
                    id: TransferID("\(hold.id)/\(code.rawValue)/\(from.asset.rawValue)"),
                    code: code,
                    debit: from,
                    credit: to,
                    amount: amount,
                    cause: hold.id.description,
                    at: now,
                )
            )
        }
        let charge = min(settlement.price, hold.amount)
        var missingCharge = charge
        var missingCost = min(settlement.cost, charge)
        for part in hold.parts {
            let available = hold.inMicrodollars(part)
            let chargeHere = min(missingCharge, available)
            let costHere = min(missingCost, chargeHere)
            let taken = hold.inAsset(chargeHere, of: part)
            let owed = min(taken, hold.inAsset(costHere, of: part))
            let payer = AccountID.customer(hold.customer, part.asset)
            add(.cost, payer, AccountID(.provider(settlement.provider), part.asset), owed)
            add(.margin, payer, AccountID(.revenue, part.asset), taken.subtractingOrZero(owed))
            missingCharge = missingCharge.subtractingOrZero(chargeHere)
            missingCost = missingCost.subtractingOrZero(costHere)
        }
        if let last = hold.parts.last {
            let overrun = settlement.price.subtractingOrZero(charge)
            let cost = settlement.cost.subtractingOrZero(min(settlement.cost, charge))
            let bearer = AccountID(.overrun, last.asset)
            let booked = hold.inAsset(overrun, of: last, cappedByPart: false)
            let owed = min(booked, hold.inAsset(cost, of: last, cappedByPart: false))
            add(.overrunCost, bearer, AccountID(.provider(settlement.provider), last.asset), owed)
            add(
                .overrunMargin,
                bearer,
                AccountID(.revenue, last.asset),
                booked.subtractingOrZero(owed),
            )
        }
        self.transfers = transfers
    }
}

extension Hold {
    /// What a part is worth in micro-USD; a part in SOL stands for the whole hold.
    fileprivate func inMicrodollars(_ part: Part) -> Amount {
        part.asset == .sol ? amount : part.amount
    }

    /// So many micro-USD in the part's asset, rounded up, never more than the part.
    fileprivate func inAsset(
        _ microdollars: Amount,
        of part: Part,
        cappedByPart: Bool = true,
    ) -> Amount {
        guard part.asset == .sol else { return microdollars }
        let lamports = lamports(of: microdollars)
        return cappedByPart ? min(lamports, part.amount) : lamports
    }

    /// So many micro-USD in lamports at the hold's rate, rounded up.
    func lamports(of microdollars: Amount) -> Amount {
        guard let solRate else { preconditionFailure("a hold on SOL knows its rate") }
        return solRate.lamports(covering: microdollars) ?? Amount(.max)
    }
}
