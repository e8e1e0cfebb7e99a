import Primitives

extension Oracle {
    /// Money from outside: where it is, and where the event is that brought it.
    struct Arrival: Sendable {
        var told: SimpleDeposit
        /// `nil` while the chain has no such event.
        var block: Int?
        /// `nil` while the money is not in the books.
        var place: Place?
        /// Who had it when its event left the chain.
        var owner: Int?
        /// What of it the operator bears meanwhile.
        var borne: Int128 = 0
        /// Why it waits.
        var doubt = ""
        /// Whether it was ever told in another way.
        var isDoubtful = false
        var isRefused = false

        var amount: Int128 { Int128(told.amount) }

        var stage: String {
            if isRefused { return "rejected" }
            guard block != nil else { return "reversed" }
            switch place {
            case nil: return "seen"
            case .customer: return "credited"
            case _: return "suspended"
            }
        }

        var words: String {
            if isRefused { return stage }
            if let owner { return "reversed, credited c\(owner) \(borne)" }
            switch place {
            case nil: return stage
            case .customer(let number): return "credited c\(number)"
            case _: return block == nil ? "reversed, suspended \(doubt)" : "suspended \(doubt)"
            }
        }

        func denies(_ other: SimpleDeposit) -> Bool {
            if told.asset != other.asset || told.amount != other.amount { return true }
            if told.treasury != other.treasury { return true }
            if let mine = told.sender, let theirs = other.sender, mine != theirs { return true }
            if let mine = told.code, let theirs = other.code, mine != theirs { return true }
            return false
        }

        mutating func learn(_ other: SimpleDeposit) {
            if told.sender == nil { told.sender = other.sender }
            if told.code == nil { told.code = other.code }
        }
    }

    mutating func observe(_ told: SimpleDeposit) -> Outcome {
        guard told.amount > 0 else { return .refused("deposit_is_empty") }
        var one = arrivals[told.id] ?? Arrival(told: told)
        let isInBooks = one.place != nil || one.isRefused
        if !isInBooks, one.block == nil { one.told = told }
        let isDenied = one.denies(told)
        if isDenied {
            one.isDoubtful = true
            if one.place == .suspense, one.owner == nil { one.doubt = "conflict" }
        }
        var moves: [(from: Place, to: Place, asset: Asset, Int128)] = []
        if !isInBooks {
            if !isDenied {
                one.learn(told)
                one.block = told.block
            }
            if told.isFinal {
                if isDenied { one.told = told }
                one.block = told.block
                let place = place(of: &one)
                moves = [(.custody, place, told.asset, one.amount)]
                one.place = place
            }
        } else if told.isFinal, !isDenied, one.isRefused {
            one.block = one.block ?? told.block
        } else if told.isFinal, !isDenied {
            one.block = told.block
            if let owner = one.owner {
                let rest = one.amount - one.borne
                moves.append((.suspense, .overrun, told.asset, one.borne))
                moves.append((.suspense, .customer(owner), told.asset, rest))
                (one.place, one.owner, one.borne) = (.customer(owner), nil, 0)
            } else if one.place == .suspense {
                one.learn(told)
                if one.doubt != "conflict", case let place = place(of: &one), place != .suspense {
                    moves = [(.suspense, place, told.asset, one.amount)]
                    one.place = place
                }
            }
        }
        guard book(moves) else { return .refused("amount_overflow") }
        arrivals[told.id] = one
        return .deposit(one.words)
    }

    /// Where money goes that nobody has decided about, and why.
    private func place(of one: inout Arrival) -> Place {
        if one.isDoubtful {
            one.doubt = "conflict"
            return .suspense
        }
        if let code = one.told.code {
            if code < customers { return .customer(code) }
            one.doubt = "unknown_code"
            return .suspense
        }
        if let sender = one.told.sender, let owner = owners[sender] { return .customer(owner) }
        one.doubt = "unknown_sender"
        return .suspense
    }

    mutating func drop(_ id: Int, _ block: Int) -> Outcome {
        guard var one = arrivals[id] else { return .same }
        guard one.block == block else { return .deposit(one.words) }
        one.block = nil
        if !one.isRefused, case .customer(let owner)? = one.place {
            let taken = min(one.amount, available(owner, one.told.asset))
            let moves: [(from: Place, to: Place, asset: Asset, Int128)] = [
                (.customer(owner), .suspense, one.told.asset, taken),
                (.overrun, .suspense, one.told.asset, one.amount - taken),
            ]
            guard book(moves) else { return .refused("amount_overflow") }
            (one.place, one.owner, one.borne) = (.suspense, owner, one.amount - taken)
        }
        arrivals[id] = one
        return .deposit(one.words)
    }

    mutating func assign(_ id: Int, _ customer: Int) -> Outcome {
        guard var one = arrivals[id] else { return .refused("deposit_not_found") }
        guard customer < customers else { return .refused("deposit_customer_not_found") }
        switch one.stage {
        case "credited" where one.place == .customer(customer): return .deposit(one.words)
        case "credited": return .refused("deposit_credited_to_another")
        case "suspended": break
        case let stage: return .refused("deposit_not_suspended \(stage)")
        }
        guard book([(.suspense, .customer(customer), one.told.asset, one.amount)]) else {
            return .refused("amount_overflow")
        }
        one.place = .customer(customer)
        arrivals[id] = one
        return .deposit(one.words)
    }

    mutating func reject(_ id: Int) -> Outcome {
        guard var one = arrivals[id] else { return .refused("deposit_not_found") }
        if one.isRefused { return .deposit(one.words) }
        guard one.place == .suspense else { return .refused("deposit_not_suspended \(one.stage)") }
        let target = one.block == nil ? Place.custody : .payout
        guard book([(.suspense, target, one.told.asset, one.amount)]) else {
            return .refused("amount_overflow")
        }
        one.isRefused = true
        arrivals[id] = one
        return .deposit(one.words)
    }

    mutating func bind(_ wallet: Int, _ customer: Int) -> Outcome {
        guard customer < customers else { return .refused("deposit_customer_not_found") }
        guard owners[wallet] ?? customer == customer else {
            return .refused("wallet_bound_to_another")
        }
        owners[wallet] = customer
        return .done
    }
}
