import Ledger
import Primitives

extension Oracle {
    private static let lamportsPerSOL: Int128 = 1_000_000_000

    private func lamports(_ microdollars: Int128, _ rate: Int128) -> Int128 {
        let exact = microdollars * Oracle.lamportsPerSOL
        return exact / rate + (exact % rate == 0 ? 0 : 1)
    }

    /// So much of the dollar assets, the first ones first.
    private func slices(_ customer: Int, _ amount: Int128) -> [(asset: Asset, amount: Int128)] {
        var left = amount
        var slices: [(asset: Asset, amount: Int128)] = []
        for asset in [Asset.usdc, .usd, .pathusd] {
            let slice = min(left, available(customer, asset))
            if slice > 0 { slices.append((asset, slice)) }
            left -= slice
        }
        return slices
    }

    mutating func place(
        _ id: Int,
        _ customer: Int,
        _ key: Int,
        _ amount: Int128,
        _ budgets: [SimpleBudget],
        _ rate: Int128,
    ) -> Outcome {
        if let first = self[id] {
            let isSame = first.customer == customer && first.amount == amount
            return isSame ? .same : .refused("hold_exists_with_different_content")
        }
        let dollars = dollars(customer)
        let solCovers =
            rate == 0
            ? 0 : min(available(customer, .sol) * rate / Oracle.lamportsPerSOL, Oracle.most)
        let inSOL = amount > dollars
        if inSOL, amount > solCovers || lamports(amount, max(rate, 1)) > Oracle.most {
            return .refused("insufficient_funds \(max(dollars, solCovers)) \(amount)")
        }
        if let (budget, left) = tightest(budgets), left < amount {
            return .refused("budget_exceeded \(budget.window.rawValue) \(left) \(amount)")
        }
        let placed = Reservation(
            customer: customer,
            key: key,
            amount: amount,
            parts: inSOL ? [(.sol, lamports(amount, rate))] : slices(customer, amount),
            rate: inSOL ? rate : nil,
            lease: now + 120_000_000,
        )
        guard placed.spenders.allSatisfy({ held(by: $0) + amount <= Oracle.most }) else {
            return .refused("amount_overflow")
        }
        self[id] = placed
        return .done
    }

    mutating func extend(_ id: Int, _ target: Int128, _ budgets: [SimpleBudget]) -> Outcome {
        guard var one = self[id] else { return .refused("hold_not_found") }
        guard one.status == .open else { return .refused("hold_already_resolved") }
        var more = max(0, target - one.amount)
        if let (_, left) = tightest(budgets) { more = min(more, left) }
        if let rate = one.rate {
            let all = min(available(one.customer, .sol) + one.parts[0].amount, Oracle.most)
            let covered = min(all * rate / Oracle.lamportsPerSOL, Oracle.most)
            more = max(0, min(more, covered - one.amount))
            one.parts = [(.sol, lamports(one.amount + more, rate))]
        } else {
            more = min(more, dollars(one.customer))
            for slice in slices(one.customer, more) {
                if let index = one.parts.firstIndex(where: { $0.asset == slice.asset }) {
                    one.parts[index].amount += slice.amount
                } else {
                    one.parts.append(slice)
                }
            }
            let order = [Asset.usdc, .usd, .pathusd]
            one.parts.sort {
                (order.firstIndex(of: $0.asset) ?? 0) < (order.firstIndex(of: $1.asset) ?? 0)
            }
        }
        guard more > 0 else { return .same }
        guard one.spenders.allSatisfy({ held(by: $0) + more <= Oracle.most }) else {
            return .refused("amount_overflow")
        }
        one.amount += more
        self[id] = one
        return .done
    }

    mutating func capture(_ id: Int, _ price: Int128, _ cost: Int128) -> Outcome {
        guard var one = self[id] else { return .refused("hold_not_found") }
        let charge = min(price, one.amount)
        guard one.status == .open else {
            return one.status == .captured(charge) ? .same : .refused("hold_already_resolved")
        }
        var moves: [(from: Place, to: Place, asset: Asset, Int128)] = []
        let payer = Place.customer(one.customer)
        for (asset, paid, owed) in shares(of: charge, cost: min(cost, charge), one) {
            moves.append((payer, .provider, asset, owed))
            moves.append((payer, .revenue, asset, paid - owed))
        }
        if let last = one.parts.last {
            let lost = inAsset(price - charge, last.asset, one.rate)
            let owed = min(lost, inAsset(cost - min(cost, charge), last.asset, one.rate))
            moves.append((.overrun, .provider, last.asset, owed))
            moves.append((.overrun, .revenue, last.asset, lost - owed))
        }
        let before = sums
        let mayCount = one.spenders.allSatisfy { spender in
            spent(spender, since: nil) + charge <= Oracle.most
                && chargedToday(spender) + charge <= Oracle.most
        }
        guard book(moves), mayCount else {
            sums = before
            return .refused("amount_overflow")
        }
        one.status = .captured(charge)
        one.day = today
        self[id] = one
        return .done
    }

    func chargedToday(_ spender: SimpleSpender) -> Int128 {
        spent(spender, since: today) - spent(spender, since: today + 1)
    }

    /// How a charge falls on the parts: what each pays, and what of it is the provider's.
    private func shares(
        of charge: Int128,
        cost: Int128,
        _ one: Reservation,
    ) -> [(Asset, paid: Int128, owed: Int128)] {
        if let rate = one.rate, let part = one.parts.first {
            let paid = min(lamports(charge, rate), part.amount)
            return [(.sol, paid, min(paid, lamports(cost, rate)))]
        }
        var (left, owing) = (charge, cost)
        return one.parts.map { part in
            let paid = min(left, part.amount)
            let owed = min(owing, paid)
            left -= paid
            owing -= owed
            return (part.asset, paid, owed)
        }
    }

    private func inAsset(_ microdollars: Int128, _ asset: Asset, _ rate: Int128?) -> Int128 {
        guard asset == .sol, let rate else { return microdollars }
        return min(lamports(microdollars, rate), Oracle.most)
    }

    mutating func refund(_ id: Int, _ amount: Int128) -> Outcome {
        guard var one = self[id] else { return .refused("hold_not_found") }
        if let first = one.refunded, first != amount {
            return .refused("already_refunded \(first)")
        }
        guard amount > 0, amount <= one.charge else {
            return .refused("refund_exceeds_charge \(one.charge)")
        }
        guard one.refunded == nil else { return .same }
        var left = amount
        var moves: [(from: Place, to: Place, asset: Asset, Int128)] = []
        for (asset, paid, _) in shares(of: one.charge, cost: 0, one).reversed() {
            let back =
                asset == .sol ? min(paid, inAsset(amount, asset, one.rate)) : min(left, paid)
            left -= back
            moves.append((.revenue, .customer(one.customer), asset, back))
        }
        guard book(moves) else { return .refused("amount_overflow") }
        one.refunded = amount
        self[id] = one
        return .done
    }
}
