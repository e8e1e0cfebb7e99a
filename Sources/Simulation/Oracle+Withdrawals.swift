import Primitives

extension Oracle {
    /// Money on its way out, or gone.
    struct Departure: Sendable {
        let asked: SimpleWithdrawal
        var stage = "requested"
        /// Which transaction was signed last.
        var attempt: Int?

        var amount: Int128 { Int128(asked.amount) }
        /// Which transactions may pay it.
        var candidates: Set<Int> {
            guard let attempt else { return [] }
            return attempt == WithdrawalEvent.replacement ? [attempt, 0] : [attempt]
        }
        /// For which transactions the chain has taken its fee.
        var paidFor: Set<Int> = []

        /// What the chain takes for a transaction, which it takes once.
        mutating func fee(_ fee: Int64, _ attempt: Int) -> Int128 {
            guard fee > 0 else { return 0 }
            return paidFor.insert(attempt).inserted ? Int128(fee) : 0
        }

        /// Whether the money is not with its customer.
        var isOut: Bool { stage != "rejected" }
    }

    /// Who asks, and by which number.
    struct Claim: Hashable, Sendable {
        let customer: Int
        let id: Int
    }

    mutating func withdraw(_ asked: SimpleWithdrawal) -> Outcome {
        let claim = Claim(customer: asked.customer, id: asked.id)
        if let known = departures[claim] {
            return known.asked == asked
                ? .withdrawal(known.stage) : .refused("withdrawal_exists_with_different_content")
        }
        guard owners[asked.wallet] == asked.customer else { return .refused("wallet_not_proven") }
        let place = Place.customer(asked.customer)
        let most = max(
            0,
            min(available(asked.customer, asked.asset), came(to: asked.customer, asked.asset)),
        )
        guard asked.amount > 0, Int128(asked.amount) <= most else {
            return .refused("insufficient_withdrawable \(most)")
        }
        guard book([(place, .payout, asked.asset, Int128(asked.amount))]) else {
            return .refused("amount_overflow")
        }
        departures[claim] = Departure(asked: asked)
        return .withdrawal("requested")
    }

    /// What customers were credited for deposits that stand, and have not taken out.
    private func came(to customer: Int, _ asset: Asset) -> Int128 {
        var sum: Int128 = 0
        for arrival in arrivals.values where arrival.told.asset == asset {
            if arrival.place == .customer(customer) { sum += arrival.amount }
        }
        for (claim, departure) in departures
        where claim.customer == customer && departure.asked.asset == asset && departure.isOut {
            sum -= departure.amount
        }
        return sum
    }

    mutating func decide(_ id: Int, _ customer: Int, _ event: WithdrawalEvent) -> Outcome {
        let claim = Claim(customer: customer, id: id)
        guard var one = departures[claim] else { return .refused("withdrawal_not_found") }
        let asset = one.asked.asset
        var moves: [(from: Place, to: Place, asset: Asset, Int128)] = []
        switch event {
        case .approve:
            guard ["requested", "failed", "given_up", "approved"].contains(one.stage) else {
                return .refused("withdrawal_in_another_state \(one.stage)")
            }
            one.stage = "approved"
        case .reject:
            guard !["broadcast", "confirmed"].contains(one.stage) else {
                return .refused("withdrawal_in_another_state \(one.stage)")
            }
            if one.isOut { moves = [(.payout, .customer(customer), asset, one.amount)] }
            one.stage = "rejected"
        case .broadcast(let attempt):
            if one.stage == "broadcast", one.attempt == attempt { break }
            let replaces = attempt == WithdrawalEvent.replacement && one.attempt == 0
            guard one.stage == "approved" || one.stage == "broadcast" && replaces else {
                return .refused("withdrawal_in_another_state \(one.stage)")
            }
            (one.stage, one.attempt) = ("broadcast", attempt)
        case .confirm(let attempt, let fee):
            // It may land after it was given up.
            guard ["broadcast", "approved", "failed", "given_up"].contains(one.stage),
                one.candidates.contains(attempt)
            else { break }
            one.stage = "confirmed"
            moves = [
                (.payout, .custody, asset, one.amount),
                (.overrun, .custody, .sol, one.fee(fee, attempt)),
            ]
        case .giveUp:
            let isOut = ["broadcast", "approved", "given_up"].contains(one.stage)
            guard isOut, one.attempt != nil else {
                return .refused("withdrawal_in_another_state \(one.stage)")
            }
            one.stage = "given_up"
        case .expire(let attempt):
            if one.stage == "broadcast", one.candidates.contains(attempt) { one.stage = "approved" }
        case .fail(let attempt, let fee):
            guard ["broadcast", "given_up"].contains(one.stage), one.candidates.contains(attempt)
            else { break }
            one.stage = "failed"
            moves = [(.overrun, .custody, .sol, one.fee(fee, attempt))]
        }
        guard book(moves) else { return .refused("amount_overflow") }
        departures[claim] = one
        return .withdrawal(one.stage)
    }
}
