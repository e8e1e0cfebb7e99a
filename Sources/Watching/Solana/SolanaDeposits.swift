import ChainFormats
package import Deposits
import Primitives

/// What of a transaction are deposits.
///
/// An amount is what an instruction says and the treasury's balance shows: both, or the difference
/// waits for an operator. Whose it is says, in this order, the deposit program's instruction that
/// moved it, a reference among the transfer's accounts, a memo, and at last who signed for it.
package enum SolanaDeposits {
    /// The deposits of a transaction that landed, in the order in which their money moved.
    ///
    /// None of one that has failed. The event's number is the instruction's, which stays what it is
    /// whichever block the transaction stands in.
    package static func events(
        in transaction: LandedTransaction,
        at treasury: SolanaTreasury,
    ) -> [(event: Int, deposit: DepositEvent)] {
        guard !transaction.hasFailed else { return [] }
        return arrivals(in: transaction, at: treasury, .usdc)
            + arrivals(in: transaction, at: treasury, .sol)
    }

    /// The event's number of what no instruction explains: behind all that instructions have.
    private static func unexplained(_ asset: Asset) -> Int {
        asset == .sol ? 0xFFFF_FFFF : 0xFFFF_FFFE
    }

    private static func arrivals(
        in transaction: LandedTransaction,
        at treasury: SolanaTreasury,
        _ asset: Asset,
    ) -> [(event: Int, deposit: DepositEvent)] {
        guard let wallet = Wallet("\(treasury.wallet)"),
            let gain = transaction.gain(of: treasury, asset)
        else { return [] }
        let moves = transaction.movements(asset)
        let account = asset == .sol ? treasury.wallet : treasury.tokenAccount
        let arrived = moves.filter {
            $0.movement.destination == account && $0.movement.source != account
        }
        let left = moves.filter {
            $0.movement.source == account && $0.movement.destination != account
        }
        let sum =
            arrived.reduce(Int128(0)) { $0 + Int128($1.movement.units) }
            - left.reduce(Int128(0)) { $0 + Int128($1.movement.units) }
        var events: [(event: Int, deposit: DepositEvent)] = []
        for arrival in arrived where gain >= sum {
            guard let units = Int64(exactly: arrival.movement.units), units > 0 else { continue }
            events.append(
                (
                    arrival.event,
                    DepositEvent(
                        asset: asset,
                        amount: Amount(units),
                        treasury: wallet,
                        sender: transaction.sender(of: arrival.movement),
                        code: transaction.code(of: arrival, treasury),
                    ),
                )
            )
        }
        // What came in a way that we do not know, or less than the instructions say, is for an operator.
        let rest = gain >= sum ? gain - sum : gain
        if rest > 0, let units = Int64(exactly: rest) {
            let deposit = DepositEvent(asset: asset, amount: Amount(units), treasury: wallet)
            events.append((unexplained(asset), deposit))
        }
        return events
    }
}

extension LandedTransaction {
    /// A movement, and the instruction that it is of.
    struct Placed {
        let movement: SolanaTransfer.Movement
        /// The number of the message's instruction, and of the one that it called.
        let outer: Int
        let inner: Int?

        var event: Int { outer << 16 | (inner.map { $0 + 1 } ?? 0) }
    }

    func movements(_ asset: Asset) -> [Placed] {
        let read = asset == .sol ? SolanaTransfer.ofLamports : SolanaTransfer.ofTokens
        return calls.enumerated().flatMap { outer, call in
            let own = read(call.instruction).map { Placed(movement: $0, outer: outer, inner: nil) }
            let called = call.inner.enumerated().compactMap { inner, instruction in
                read(instruction).map { Placed(movement: $0, outer: outer, inner: inner) }
            }
            return (own.map { [$0] } ?? []) + called
        }
    }

    /// By how much the treasury has more than before; `nil` where it has no part in it, or its account
    /// is one of another mint.
    func gain(of treasury: SolanaTreasury, _ asset: Asset) -> Int128? {
        if asset == .sol {
            guard let change = changes[treasury.wallet] else { return nil }
            let paid = payer == treasury.wallet ? Int128(fee) : 0
            return Int128(change.lamportsAfter) - Int128(change.lamportsBefore) + paid
        }
        guard let change = changes[treasury.tokenAccount], let after = change.tokensAfter,
            after.mint == treasury.mint
        else { return nil }
        return Int128(after.amount) - Int128(change.tokensBefore?.amount ?? 0)
    }

    /// Who sent it, where that is a wallet that has signed the transaction.
    func sender(of movement: SolanaTransfer.Movement) -> Wallet? {
        signers.contains(movement.authority) ? Wallet("\(movement.authority)") : nil
    }

    func code(of placed: Placed, _ treasury: SolanaTreasury) -> String? {
        codeOfProgram(placed, treasury)
            ?? placed.movement.more.lazy.compactMap(DepositReference.code).first
            ?? memo(of: placed)
    }

    /// The code that our program was called with, where that call moved the money.
    ///
    /// Only a call by the message itself counts: what a program calls in another's name is that
    /// program's word.
    private func codeOfProgram(_ placed: Placed, _ treasury: SolanaTreasury) -> String? {
        guard let program = treasury.program, placed.inner != nil,
            let call = DepositInstruction(calls[placed.outer].instruction, of: program),
            call.units == placed.movement.units
        else { return nil }
        return call.code
    }

    /// The only memo of the transaction; of several, the one right before the transfer.
    private func memo(of placed: Placed) -> String? {
        let memos = calls.map { SolanaTransfer.memo($0.instruction) }
        let all = memos.compactMap(\.self)
        if all.count <= 1 { return all.first }
        return placed.outer > 0 ? memos[placed.outer - 1] : nil
    }
}
