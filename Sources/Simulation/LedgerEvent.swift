package import Ledger
package import Primitives

/// One thing that can happen to a ledger.
package enum LedgerEvent: Hashable, Sendable {
    case grant(id: Int, customer: Int, Asset, amount: Int64)
    /// What is told of money that arrives: twice, late, in another order, or untrue.
    case observe(SimpleDeposit)
    /// A block leaves the chain, and with it a deposit.
    case drop(id: Int, block: Int)
    case assign(id: Int, customer: Int)
    case reject(id: Int)
    case bind(wallet: Int, customer: Int)
    case withdraw(SimpleWithdrawal)
    case decide(id: Int, customer: Int, WithdrawalEvent)
    /// `rate` is what a SOL is worth, in micro-USD; 0 where no rate is known.
    case place(
        id: Int,
        customer: Int,
        key: Int,
        amount: Int64,
        budgets: [SimpleBudget],
        rate: Int64,
    )
    case extend(id: Int, to: Int64, budgets: [SimpleBudget])
    case capture(id: Int, price: Int64, cost: Int64)
    case release(id: Int)
    case renew(id: Int, seconds: Int64)
    /// Every hold whose lease ran out, but one that lives.
    case expire(except: Int)
    case refund(id: Int, amount: Int64)
    /// Time passes; it may pass backwards.
    case clock(seconds: Int64)
}

/// One of the simulated spenders.
package enum SimpleSpender: Hashable, Sendable {
    case key(Int, of: Int)
    case customer(Int)
}

/// A budget of one of them.
package struct SimpleBudget: Hashable, Sendable {
    package let spender: SimpleSpender
    package let window: BudgetWindow
    package let limit: Int64

    package init(of spender: SimpleSpender, window: BudgetWindow, limit: Int64) {
        self.spender = spender
        self.window = window
        self.limit = limit
    }
}

extension LedgerEvent {
    /// The events of one world: few customers, keys and ids, so that they meet.
    package static func random(_ count: Int, _ dice: inout Dice) -> [LedgerEvent] {
        // In most worlds everybody has a wallet, without which nothing is withdrawn.
        var events: [LedgerEvent] =
            dice.oneIn(4) ? [] : (0..<3).map { .bind(wallet: $0, customer: $0) }
        let deposits = (0..<16).map { SimpleDeposit.random(id: $0, &dice) }
        // What usually follows, sooner or later.
        var expected: [LedgerEvent] = []
        while events.count < count {
            // Somebody asks again now and then.
            let recent = Array(events.suffix(12))
            if dice.oneIn(10), !recent.isEmpty {
                events.append(dice.pick(recent))
            } else if dice.oneIn(8), !expected.isEmpty {
                events.append(expected.removeFirst())
            } else {
                events.append(random(deposits, &dice))
                if case .withdraw(let asked)? = events.last { expected += asked.usual(&dice) }
            }
        }
        return events
    }

    private static func random(_ deposits: [SimpleDeposit], _ dice: inout Dice) -> LedgerEvent {
        let id = dice.below(48)
        switch dice.below(126) {
        case 0..<8:
            return .grant(
                id: dice.below(60),
                customer: dice.below(3),
                dice.pick(Asset.allCases),
                amount: max(1, amount(&dice)),
            )
        case 8..<14, 100..<116: return deposit(dice.pick(deposits), &dice)
        case 116..<126: return withdrawal(&dice)
        case 14..<46:
            return .place(
                id: id,
                customer: dice.below(3),
                key: dice.below(2),
                amount: amount(&dice),
                budgets: budgets(&dice),
                rate: dice.oneIn(2) ? 0 : rate(&dice),
            )
        case 46..<54: return .extend(id: id, to: amount(&dice), budgets: budgets(&dice))
        case 54..<74:
            let price = amount(&dice)
            let cost = dice.oneIn(4) ? price : price / Int64(1 + dice.below(5))
            return .capture(id: id, price: price, cost: cost)
        case 74..<80: return .release(id: id)
        case 80..<84: return .renew(id: id, seconds: Int64(dice.below(200_000)))
        case 84..<87: return .expire(except: id)
        case 87..<93: return .refund(id: id, amount: dice.oneIn(3) ? amount(&dice) : small(&dice))
        default: return .clock(seconds: seconds(&dice))
        }
    }

    /// Something that happens to a deposit.
    private static func deposit(_ deposit: SimpleDeposit, _ dice: inout Dice) -> LedgerEvent {
        let id = deposit.id
        switch dice.below(20) {
        case 0..<12: return .observe(deposit.told(&dice))
        case 12..<15: return .drop(id: id, block: dice.below(3))
        case 15..<17: return .assign(id: id, customer: dice.below(4))
        case 17: return .reject(id: id)
        default: return .bind(wallet: dice.below(4), customer: dice.below(4))
        }
    }

    /// Something that happens to a withdrawal.
    private static func withdrawal(_ dice: inout Dice) -> LedgerEvent {
        // Few of them, so that what is decided meets what was asked for.
        let (id, customer) = (dice.below(2), dice.below(3))
        guard dice.oneIn(4) else {
            return .decide(id: id, customer: customer, .random(&dice))
        }
        return .withdraw(
            SimpleWithdrawal(
                id: id,
                customer: customer,
                wallet: dice.oneIn(6) ? dice.below(4) : customer,
                dice.pick(Asset.allCases),
                dice.oneIn(6) ? amount(&dice) : small(&dice) / 4,
            )
        )
    }

    private static func small(_ dice: inout Dice) -> Int64 { Int64(dice.below(200)) }

    static func amount(_ dice: inout Dice) -> Int64 {
        switch dice.below(40) {
        case 0: 0
        case 1: 1
        case 2: Int64.max - Int64(dice.below(3))
        case 3: Int64.max / 2 + Int64(dice.below(3))
        case 4..<8: Int64(dice.below(2_000_000_000))
        default: Int64(dice.below(500))
        }
    }

    private static func rate(_ dice: inout Dice) -> Int64 {
        dice.oneIn(3) ? Int64(1 + dice.below(10)) : Int64(1 + dice.below(2_000_000_000))
    }

    private static func budgets(_ dice: inout Dice) -> [SimpleBudget] {
        guard dice.oneIn(3) else { return [] }
        let spenders: [SimpleSpender] = [
            .key(dice.below(2), of: dice.below(3)), .customer(dice.below(3)),
        ]
        return BudgetWindow.allCases.filter { _ in dice.oneIn(2) }.map { window in
            SimpleBudget(
                of: dice.pick(spenders),
                window: window,
                limit: Int64(dice.below(6000)),
            )
        }
    }

    private static func seconds(_ dice: inout Dice) -> Int64 {
        switch dice.below(6) {
        case 0: -Int64(dice.below(400_000))
        case 1: Int64(dice.below(3_000_000))
        default: Int64(dice.below(90_000))
        }
    }
}
