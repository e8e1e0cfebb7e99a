package import Deposits
import Identity
package import Primitives

extension DepositID {
    /// An event on a chain, one for each number.
    package static func sample(_ number: Int = 0, on chain: String = "base") -> DepositID {
        let hash = "0x\(Hexadecimal.text([UInt8](repeating: 7, count: 32)))"
        guard let id = DepositID(chain: chain, transaction: hash, event: number) else {
            preconditionFailure("\(number) is no event")
        }
        return id
    }
}

extension Wallet {
    package static func sample(_ byte: UInt8) -> Wallet {
        let text = "0x\(Hexadecimal.text([UInt8](repeating: byte, count: 20)))"
        guard let wallet = Wallet(text) else { preconditionFailure("\(text) is a wallet") }
        return wallet
    }
}

extension BlockReference {
    package static func sample(_ number: Int64) -> BlockReference {
        let hash = "0x\(Hexadecimal.text([UInt8](repeating: UInt8(number), count: 32)))"
        guard let block = BlockReference(number: number, hash: hash) else {
            preconditionFailure("\(number) is no block's")
        }
        return block
    }
}

extension DepositEvent {
    /// An event at a treasury of ours, for `customer` where it names one.
    package static func sample(
        _ amount: Amount = 100,
        _ asset: Asset = .usdc,
        for customer: CustomerID? = "acme",
        sender: UInt8? = nil,
    ) -> DepositEvent {
        DepositEvent(
            asset: asset,
            amount: amount,
            treasury: .sample(1),
            sender: sender.map(Wallet.sample),
            code: customer.map { Customer.sample($0).depositCode },
        )
    }
}

extension ObservedDeposit {
    package static func sample(
        _ number: Int = 0,
        _ event: DepositEvent = .sample(),
        on chain: String = "base",
        block: Int64 = 1,
        isFinal: Bool = true,
    ) -> ObservedDeposit {
        ObservedDeposit(
            id: .sample(number, on: chain),
            event: event,
            block: .sample(block),
            isFinal: isFinal,
        )
    }
}

/// One thing that can happen to deposits, drawn at random from a small world so that they collide.
///
/// The customers `c0` to `c2` are there.
package enum DepositDeed: Sendable {
    case observe(ObservedDeposit)
    case drop(DepositID, from: BlockReference)
    case assign(DepositID, to: CustomerID)
    case reject(DepositID)
    case bind(Wallet, to: CustomerID)

    package static func random(using random: inout some RandomNumberGenerator) -> DepositDeed {
        let number = Int.random(in: 0..<12, using: &random)
        let block = BlockReference.sample(Int64.random(in: 1...3, using: &random))
        let customer = CustomerID("c\(Int.random(in: 0..<4, using: &random))")
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<12:
            let isOdd = Int.random(in: 0..<12, using: &random) == 0
            let event = DepositEvent.sample(
                Amount(Int64(isOdd ? 7 : 50 + number)),
                Asset.allCases[number % 4],
                for: number % 3 == 0 ? nil : CustomerID("c\(number % 5)"),
                sender: number % 2 == 0 ? UInt8(20 + number % 4) : nil,
            )
            return .observe(
                ObservedDeposit(
                    id: .sample(number),
                    event: event,
                    block: block,
                    isFinal: Bool.random(using: &random),
                )
            )
        case 12..<15: return .drop(.sample(number), from: block)
        case 15..<17: return .assign(.sample(number), to: customer)
        case 17: return .reject(.sample(number))
        default:
            return .bind(.sample(UInt8(20 + Int.random(in: 0..<4, using: &random))), to: customer)
        }
    }

    /// Lets it happen.
    ///
    /// - Returns: the deposit as it is then; `nil` where there is none.
    package func happen(
        in books: inout some DepositTransaction,
        at now: Timestamp,
    ) throws -> DepositOutcome? {
        switch self {
        case .observe(let observed): return try books.observe(observed, at: now)
        case .drop(let id, let block): return try books.dropped(id, from: block, at: now)
        case .assign(let id, let customer):
            return try books.assign(id, to: customer, by: "ann", at: now)
        case .reject(let id): return try books.reject(id, reason: "sample", by: "ann", at: now)
        case .bind(let wallet, let customer):
            try books.bind(wallet, to: customer, at: now)
            return nil
        }
    }
}
