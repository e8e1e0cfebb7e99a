import Deposits
import Ledger
package import Primitives
import Withdrawals

/// The ledger's own rules on lean books, told of simulated events.
package struct LedgerSide: Sendable {
    package var books: LeanBooks
    package private(set) var now = Timestamp(microseconds: 1_767_225_600_000_000)

    package init(customers: Int = 3) {
        books = LeanBooks(customers: (0..<customers).map { LedgerSide.customer($0) })
    }

    private static let customers = (0..<8).map { CustomerID("c\($0)") }
    private static let keys = (0..<8).map { KeyID("k\($0)") }
    private static let holds = (0..<64).map { InferenceID("h\($0)") }

    package static func customer(_ number: Int) -> CustomerID { customers[number] }
    static func key(_ number: Int) -> KeyID { keys[number] }
    static func hold(_ number: Int) -> InferenceID {
        holds.indices.contains(number) ? holds[number] : "none"
    }

    /// Lets an event happen.
    package mutating func take(_ event: LedgerEvent) -> Outcome {
        let before = books.transferCount
        do {
            return try perform(event, before)
        } catch let error as LedgerError {
            return Outcome(error)
        } catch let error as DepositError {
            return Outcome(error)
        } catch let error as WithdrawalError {
            return Outcome(error)
        } catch {
            return .refused("\(error)")
        }
    }

    private mutating func perform(_ event: LedgerEvent, _ before: Int) throws -> Outcome {
        switch event {
        case .grant(let id, let customer, let asset, let amount):
            let grant = Grant(
                id: "\(id)",
                customer: LedgerSide.customer(customer),
                asset: asset,
                amount: Amount(amount),
                reason: "",
            )
            _ = try books.give(grant, at: now)
            return books.transferCount == before ? .same : .done
        case .observe(let told): return try observe(told)
        case .drop(let id, let block): return try drop(id, block)
        case .assign(let id, let customer): return try assign(id, to: customer)
        case .reject(let id): return try reject(id)
        case .bind(let wallet, let customer): return try bind(wallet, to: customer)
        case .withdraw(let asked): return try withdraw(asked)
        case .decide(let id, let customer, let event):
            return try decide(id, of: customer, event)
        case .place(let id, let customer, let key, let amount, let budgets, let rate):
            return try place(id, customer, key, amount, budgets, rate)
        case .extend(let id, let target, let budgets):
            let held = books.hold(LedgerSide.hold(id))?.amount
            let hold = try books.extendHold(
                LedgerSide.hold(id),
                to: Amount(target),
                within: budgets.map(\.budget),
                at: now,
            )
            return hold.amount == held ? .same : .done
        case .capture(let id, let price, let cost):
            let isOpen = books.hold(LedgerSide.hold(id))?.state == .open
            let settlement = Settlement(
                price: Amount(price),
                cost: Amount(cost),
                provider: "openai",
            )
            _ = try books.captureHold(LedgerSide.hold(id), settlement, at: now)
            return isOpen ? .done : .same
        case .release(let id):
            let isOpen = books.hold(LedgerSide.hold(id))?.state == .open
            try books.releaseHold(LedgerSide.hold(id), at: now)
            return isOpen ? .done : .same
        case .renew(let id, let seconds):
            let lease = now.advanced(by: .seconds(seconds))
            try books.renewHolds([LedgerSide.hold(id)], until: lease)
            return .done
        case .expire(let live):
            let expired = try books.expireHolds(
                leasedBefore: now,
                except: [LedgerSide.hold(live)],
                at: now,
            )
            return .expired(expired.count)
        case .refund(let id, let amount):
            let isNew = books.hold(LedgerSide.hold(id))?.refunded == nil
            let refund = Refund(of: LedgerSide.hold(id), Amount(amount), reason: "")
            _ = try books.give(refund, at: now)
            return isNew ? .done : .same
        case .clock(let seconds):
            now = now.advanced(by: .seconds(seconds))
            return .done
        }
    }

    private mutating func place(
        _ id: Int,
        _ customer: Int,
        _ key: Int,
        _ amount: Int64,
        _ budgets: [SimpleBudget],
        _ rate: Int64,
    ) throws -> Outcome {
        let isNew = books.hold(LedgerSide.hold(id)) == nil
        let request = HoldRequest(
            id: LedgerSide.hold(id),
            customer: LedgerSide.customer(customer),
            key: LedgerSide.key(key),
            amount: Amount(amount),
            rateCard: "card",
            subject: "model",
            placedAt: now,
            lease: now.advanced(by: .seconds(120)),
            budgets: budgets.map(\.budget),
        )
        let solRate = rate > 0 ? SOLRate(microdollarsPerSOL: rate, quotedAt: now) : nil
        _ = try books.placeHold(request, solRate: solRate)
        return isNew ? .done : .same
    }
}

extension SimpleSpender {
    var spender: Spender {
        switch self {
        case .key(let number, of: let owner):
            .key(LedgerSide.key(number), of: LedgerSide.customer(owner))
        case .customer(let number): .customer(LedgerSide.customer(number))
        }
    }
}

extension SimpleBudget {
    var budget: Budget { Budget(of: spender.spender, window, Amount(limit)) }
}
