package import Primitives

/// Whose spending is counted beside the accounts: what a budget can bound.
package enum Spender: Hashable, Sendable, CustomStringConvertible {
    /// One key of a customer.
    case key(KeyID, of: CustomerID)
    /// All keys of a customer together.
    case customer(CustomerID)

    /// A customer's keys are named after it, so that a store that sorts by names keeps them together.
    package var description: String {
        switch self {
        case .key(let id, of: let customer): "customer/\(customer)/key/\(id)"
        case .customer(let id): "customer/\(id)"
        }
    }

    /// Reads what ``description`` prints; `nil` for anything else.
    package init?(_ description: String) {
        let parts = description.parts
        guard parts.count >= 2, parts[0] == "customer", !parts[1].isEmpty else { return nil }
        let customer = CustomerID(parts[1])
        switch parts.count {
        case 2: self = .customer(customer)
        case 4 where parts[2] == "key" && !parts[3].isEmpty:
            self = .key(KeyID(parts[3]), of: customer)
        default: return nil
        }
    }
}

/// What one spender has spent and may be about to spend, in micro-USD.
package struct Spending: Hashable, Sendable {
    /// The charges of its inferences, less their refunds.
    package var charged: Amount
    /// What its open holds reserve.
    package var held: Amount

    package static let zero = Spending()

    package init(charged: Amount = .zero, held: Amount = .zero) {
        self.charged = charged
        self.held = held
    }
}

/// The time over which a budget counts: for ever, or the calendar's day, week or month in UTC.
///
/// A charge counts on the day on which it was settled. Nothing is ever set back to zero: a window
/// that has passed is simply no longer asked for.
package enum BudgetWindow: String, CaseIterable, Hashable, Sendable, Codable {
    case total
    case daily
    case weekly
    case monthly

    /// The first day that counts at `now`; `nil` where every day does.
    package func firstDay(at now: Timestamp) -> Int64? {
        switch self {
        case .total: nil
        case .daily: now.day
        case .weekly: now.firstDayOfWeek
        case .monthly: now.firstDayOfMonth
        }
    }

    /// When the window that `now` is in ends and the next begins; `nil` where it never does.
    package func end(at now: Timestamp) -> Timestamp? {
        switch self {
        case .total: nil
        case .daily: Timestamp(startOfDay: now.day + 1)
        case .weekly: Timestamp(startOfDay: now.firstDayOfWeek + 7)
        case .monthly:
            // No month is longer than 31 days, and none is shorter than the rest that is added.
            Timestamp(startOfDay: Timestamp(startOfDay: now.firstDayOfMonth + 31).firstDayOfMonth)
        }
    }
}

/// The most that a spender may spend over a window, in micro-USD.
package struct Budget: Hashable, Sendable {
    package let spender: Spender
    package let window: BudgetWindow
    package let limit: Amount

    package init(of spender: Spender, _ window: BudgetWindow, _ limit: Amount) {
        self.spender = spender
        self.window = window
        self.limit = limit
    }
}

/// What the next hold can take at most: of the customer's money, and within every budget above it.
package struct Headroom: Sendable {
    package let funds: Funds
    /// The budget that leaves least, and what it leaves; `nil` where there is none.
    package let tightest: (budget: Budget, remaining: Amount)?

    /// The most that one hold can reserve, in micro-USD.
    package var amount: Amount { min(funds.spendable, tightest?.remaining ?? funds.spendable) }

    /// The budget that bounds ``amount``; `nil` where the balance does.
    package var bound: Budget? {
        guard let tightest, tightest.remaining < funds.spendable else { return nil }
        return tightest.budget
    }
}

extension LedgerTransaction {
    /// What a spender was charged in the window that `now` is in, in micro-USD.
    package mutating func spent(
        by spender: Spender,
        in window: BudgetWindow,
        at now: Timestamp,
    ) throws -> Amount {
        guard let day = window.firstDay(at: now) else { return try spending(of: spender).charged }
        return try charged(by: spender, since: day)
    }

    /// What `budget` leaves at `now`, in micro-USD: nothing of it is spent or held.
    package mutating func remaining(of budget: Budget, at now: Timestamp) throws -> Amount {
        let spent = try spent(by: budget.spender, in: budget.window, at: now)
        let held = try spending(of: budget.spender).held
        return budget.limit.subtractingOrZero(spent).subtractingOrZero(held)
    }

    /// What a hold of `customer` can take at `now` within `budgets`.
    package mutating func headroom(
        of customer: CustomerID,
        solRate: SOLRate?,
        within budgets: [Budget],
        at now: Timestamp,
    ) throws -> Headroom {
        let funds = try funds(of: customer, solRate: solRate)
        var tightest: (budget: Budget, remaining: Amount)?
        for budget in budgets {
            let remaining = try remaining(of: budget, at: now)
            if let least = tightest?.remaining, least <= remaining { continue }
            tightest = (budget, remaining)
        }
        return Headroom(funds: funds, tightest: tightest)
    }
}
