import Deposits
import Ledger
import Primitives

extension LedgerSide {
    static let chain = "chain"
    private static let deposits = (0..<64).map(depositID)
    private static let blocks = (0..<64).map(blockReference)
    static let wallets = (0..<10).map(walletText)

    /// The text of numbered bytes, as chains write it.
    private static func text(_ number: Int, bytes: Int) -> String {
        "0x\(Hexadecimal.text([UInt8](repeating: UInt8(number), count: bytes)))"
    }

    private static func depositID(_ number: Int) -> DepositID {
        guard
            let id = DepositID(chain: chain, transaction: text(number, bytes: 32), event: number)
        else { preconditionFailure("\(number) names a deposit") }
        return id
    }

    private static func blockReference(_ number: Int) -> BlockReference {
        guard let block = BlockReference(number: Int64(number), hash: text(number, bytes: 32))
        else { preconditionFailure("\(number) names a block") }
        return block
    }

    private static func walletText(_ number: Int) -> Wallet {
        guard let wallet = Wallet(text(number, bytes: 20)) else {
            preconditionFailure("\(number) names a wallet")
        }
        return wallet
    }

    /// Lets something happen to a deposit.
    mutating func observe(_ told: SimpleDeposit) throws -> Outcome {
        let event = DepositEvent(
            asset: told.asset,
            amount: Amount(told.amount),
            treasury: LedgerSide.wallets[8 + told.treasury],
            sender: told.sender.map { LedgerSide.wallets[$0] },
            code: told.code.map { LedgerSide.customer($0).description },
        )
        let observed = ObservedDeposit(
            id: LedgerSide.deposits[told.id],
            event: event,
            block: LedgerSide.blocks[told.block],
            isFinal: told.isFinal,
        )
        return Outcome(try books.observe(observed, at: now))
    }

    mutating func drop(_ id: Int, _ block: Int) throws -> Outcome {
        let dropped = try books.dropped(
            LedgerSide.deposits[id],
            from: LedgerSide.blocks[block],
            at: now,
        )
        return dropped.map(Outcome.init) ?? .same
    }

    mutating func assign(_ id: Int, to customer: Int) throws -> Outcome {
        let customer = LedgerSide.customer(customer)
        let id = LedgerSide.deposits[id]
        return Outcome(try books.assign(id, to: customer, by: "ann", at: now))
    }

    mutating func reject(_ id: Int) throws -> Outcome {
        Outcome(try books.reject(LedgerSide.deposits[id], reason: "", by: "ann", at: now))
    }

    mutating func bind(_ wallet: Int, to customer: Int) throws -> Outcome {
        try books.bind(LedgerSide.wallets[wallet], to: LedgerSide.customer(customer), at: now)
        return .done
    }
}

extension Outcome {
    fileprivate init(_ outcome: DepositOutcome) {
        self = .deposit("\(outcome.deposit.state.words)")
    }

    init(_ error: DepositError) {
        switch error {
        case .depositNotSuspended(let stage): self = .refused("\(error.code) \(stage.rawValue)")
        case .depositNotFound, .depositCreditedToAnother, .depositIsEmpty,
            .depositCustomerNotFound, .walletBoundToAnother:
            self = .refused(error.code)
        }
    }
}

extension Deposit.State {
    /// The state in words that the oracle has, too.
    fileprivate var words: String {
        switch self {
        case .seen: "seen"
        case .credited(let customer): "credited \(customer)"
        case .suspended(let suspicion): "suspended \(suspicion.rawValue)"
        case .reversed(.seen): "reversed"
        case .reversed(.suspended(let suspicion)): "reversed, suspended \(suspicion.rawValue)"
        case .reversed(.credited(let customer, let lost)): "reversed, credited \(customer) \(lost)"
        case .rejected: "rejected"
        }
    }
}
