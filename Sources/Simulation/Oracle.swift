import Ledger
import Primitives

/// What the money must be, worked out apart from the ledger: from the policy's sentences, in 128
/// bits, off a plain list of what happened.
///
/// It shares no rule with the ledger: no fit, no plan, no stored balance of a hold or a budget.
package struct Oracle: Sendable {
    /// Whose money; customers are numbered.
    package enum Place: Hashable, Sendable {
        case custody, provider, revenue, overrun, promotion, suspense, payout
        case customer(Int)

        /// All but the customers.
        static let ours: [Place] = [
            .custody, .provider, .revenue, .overrun, .promotion, .suspense, .payout,
        ]

        /// Where its sums stand, asset by asset.
        var index: Int {
            switch self {
            case .custody: 0
            case .provider: 1
            case .revenue: 2
            case .overrun: 3
            case .promotion: 4
            case .suspense: 5
            case .payout: 6
            case .customer(let number): Place.ours.count + number
            }
        }
    }

    /// One side of one place's books in one asset.
    struct Sums: Sendable {
        var debits: Int128 = 0
        var credits: Int128 = 0
    }

    enum Status: Hashable, Sendable {
        case open
        case captured(Int128)
        case released, expired
    }

    struct Reservation: Sendable {
        let customer: Int
        let key: Int
        var amount: Int128
        /// By asset, in the order in which they are spent.
        var parts: [(asset: Asset, amount: Int128)]
        /// What a SOL is worth, where the reservation is in SOL.
        let rate: Int128?
        var lease: Int64
        var status = Status.open
        var day: Int64 = 0
        var refunded: Int128?

        /// Whose budgets it counts against: its key's and its customer's.
        var spenders: [SimpleSpender] { [.key(key, of: customer), .customer(customer)] }

        func isOf(_ spender: SimpleSpender) -> Bool {
            switch spender {
            case .key(let number, of: let owner): key == number && customer == owner
            case .customer(let number): customer == number
            }
        }

        var charge: Int128 { if case .captured(let charge) = status { charge } else { 0 } }
    }

    static let most = Int128(Int64.max)

    /// By place and asset.
    var sums: [Sums]
    /// By number; those that were placed.
    private(set) var slots: [Reservation?] = []
    /// Who was credited how much, by the id of the grant.
    private var grants: [Int: (customer: Int, asset: Asset, amount: Int64)] = [:]
    /// By number.
    var arrivals: [Int: Arrival] = [:]
    var departures: [Claim: Departure] = [:]
    /// Whose wallets are whose.
    var owners: [Int: Int] = [:]
    let customers: Int
    /// Microseconds since 1970.
    var now: Int64 = 1_767_225_600_000_000

    package init(customers: Int) {
        self.customers = customers
        let places = Place.ours.count + customers
        sums = [Sums](repeating: Sums(), count: places * Asset.allCases.count)
    }

    var reservations: [Reservation] { slots.compactMap(\.self) }

    subscript(id: Int) -> Reservation? {
        get { slots.indices.contains(id) ? slots[id] : nil }
        set {
            while slots.count <= id { slots.append(nil) }
            slots[id] = newValue
        }
    }

    func sums(_ place: Place, _ asset: Asset) -> Sums { sums[Oracle.slot(place, asset)] }

    static func slot(_ place: Place, _ asset: Asset) -> Int {
        place.index * Asset.allCases.count + asset.index
    }

    /// Predicts how an event ends, and lets it happen.
    package mutating func take(_ event: LedgerEvent) -> Outcome {
        switch event {
        case .grant(let id, let customer, let asset, let amount):
            return give(id, customer, asset, amount)
        case .observe(let told): return observe(told)
        case .drop(let id, let block): return drop(id, block)
        case .assign(let id, let customer): return assign(id, customer)
        case .reject(let id): return reject(id)
        case .bind(let wallet, let customer): return bind(wallet, customer)
        case .withdraw(let asked): return withdraw(asked)
        case .decide(let id, let customer, let event): return decide(id, customer, event)
        case .place(let id, let customer, let key, let amount, let budgets, let rate):
            return place(id, customer, key, Int128(amount), budgets, Int128(rate))
        case .extend(let id, let target, let budgets):
            return extend(id, Int128(target), budgets)
        case .capture(let id, let price, let cost):
            return capture(id, Int128(price), Int128(cost))
        case .release(let id):
            switch self[id]?.status {
            case nil: return .refused("hold_not_found")
            case .released: return .same
            case .captured, .expired: return .refused("hold_already_resolved")
            case .open:
                self[id]?.status = .released
                return .done
            }
        case .renew(let id, let seconds):
            let lease = now + seconds * 1_000_000
            if self[id]?.status == .open { self[id]?.lease = lease }
            return .done
        case .expire(let live):
            var expired = 0
            for id in slots.indices where id != live {
                guard let one = slots[id], one.status == .open, one.lease < now else { continue }
                slots[id]?.status = .expired
                expired += 1
            }
            return .expired(expired)
        case .refund(let id, let amount): return refund(id, Int128(amount))
        case .clock(let seconds):
            now += seconds * 1_000_000
            return .done
        }
    }

    // MARK: Sums

    /// Books movements if every place can count them; the ledger counts in 64 bits.
    mutating func book(_ moves: [(from: Place, to: Place, asset: Asset, Int128)]) -> Bool {
        let before = sums
        for (from, to, asset, amount) in moves where amount > 0 {
            let (left, right) = (Oracle.slot(from, asset), Oracle.slot(to, asset))
            sums[left].debits += amount
            sums[right].credits += amount
            guard sums[left].debits <= Oracle.most, sums[right].credits <= Oracle.most else {
                sums = before
                return false
            }
        }
        return true
    }

    private mutating func give(
        _ id: Int,
        _ customer: Int,
        _ asset: Asset,
        _ amount: Int64,
    ) -> Outcome {
        if let first = grants[id] {
            return first == (customer, asset, amount)
                ? .same : .refused("transfer_exists_with_different_content")
        }
        guard book([(.promotion, .customer(customer), asset, Int128(amount))]) else {
            return .refused("amount_overflow")
        }
        grants[id] = (customer, asset, amount)
        return .done
    }

    /// What open reservations hold of each place's assets, as ``sums`` are ordered.
    var held: [Int128] {
        var held = [Int128](repeating: 0, count: sums.count)
        for case let one? in slots where one.status == .open {
            for part in one.parts {
                held[Oracle.slot(.customer(one.customer), part.asset)] += part.amount
            }
        }
        return held
    }

    func available(_ customer: Int, _ asset: Asset) -> Int128 {
        let slot = Oracle.slot(.customer(customer), asset)
        return sums[slot].credits - sums[slot].debits - held[slot]
    }

    func dollars(_ customer: Int) -> Int128 {
        let all = Asset.dollars.reduce(Int128(0)) { $0 + available(customer, $1) }
        return min(all, Oracle.most)
    }

    // MARK: Spending

    func held(by spender: SimpleSpender) -> Int128 {
        var held: Int128 = 0
        for case let one? in slots where one.isOf(spender) && one.status == .open {
            held += one.amount
        }
        return held
    }

    /// What a spender was charged, less refunds, on `day` and later; on every day for `nil`.
    func spent(_ spender: SimpleSpender, since day: Int64?) -> Int128 {
        var spent: Int128 = 0
        for case let one? in slots where one.isOf(spender) && one.day >= day ?? .min {
            spent += one.charge - (one.refunded ?? 0)
        }
        return spent
    }

    /// What somebody has spent and holds, over all and today.
    struct Spent {
        var charged: Int128 = 0
        var held: Int128 = 0
        var today: Int128 = 0
    }

    /// What each customer and each of its first `keys` keys has spent, one after the other, found in one
    /// walk over all reservations.
    func spending(keys: Int) -> [Spent] {
        let (day, stride) = (today, keys + 1)
        var sums = [Spent](repeating: Spent(), count: customers * stride)
        for case let one? in slots {
            let charged = one.charge - (one.refunded ?? 0)
            let held = one.status == .open ? one.amount : 0
            for place in [one.customer * stride, one.customer * stride + 1 + one.key] {
                sums[place].charged += charged
                sums[place].held += held
                if one.day == day { sums[place].today += charged }
            }
        }
        return sums
    }

    /// The budget that leaves least, with what it leaves.
    func tightest(_ budgets: [SimpleBudget]) -> (SimpleBudget, Int128)? {
        var least: (SimpleBudget, Int128)?
        for budget in budgets {
            let since: Int64? =
                switch budget.window {
                case .total: nil
                case .daily: today
                case .weekly: monday
                case .monthly: firstOfMonth
                }
            let gone = min(spent(budget.spender, since: since), Oracle.most)
            let left = max(0, max(0, Int128(budget.limit) - gone) - held(by: budget.spender))
            if let (_, before) = least, before <= left { continue }
            least = (budget, left)
        }
        return least
    }
}

extension Oracle {
    // MARK: The calendar, counted by years and months

    var today: Int64 {
        let day: Int64 = 86_400_000_000
        return now >= 0 ? now / day : -((-now + day - 1) / day)
    }

    private var monday: Int64 {
        var day = today
        // Day 4 was Monday 5 January 1970.
        while (day - 4) % 7 != 0 { day -= 1 }
        return day
    }

    private var firstOfMonth: Int64 {
        var (year, first) = (1970, Int64(0))
        while first + Oracle.length(of: year) <= today {
            first += Oracle.length(of: year)
            year += 1
        }
        let isLeap = Oracle.length(of: year) == 366
        for days in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as [Int64] {
            guard first + days <= today else { break }
            first += days
        }
        return first
    }

    private static func length(of year: Int) -> Int64 {
        (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366 : 365
    }
}

extension Asset {
    /// Its place in a row of all assets.
    package var index: Int {
        switch self {
        case .usdc: 0
        case .usd: 1
        case .pathusd: 2
        case .sol: 3
        }
    }
}
