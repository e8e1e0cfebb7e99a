import ChainFormats
package import Deposits
import Primitives

/// What of a transaction's logs are deposits.
///
/// Sources: ERC-20 (`Transfer`) and TIP-20 (`TransferWithMemo`, which comes beside a `Transfer` of the
/// same money).
package enum EVMDeposits {
    static let transfer = EVMWord(signature: "Transfer(address,address,uint256)")
    private static let transferWithMemo = EVMWord(
        signature: "TransferWithMemo(address,address,uint256,bytes32)"
    )

    /// The deposits of a transaction, each log its own.
    ///
    /// None of one that has failed. An event's number is the log's place in its transaction, which
    /// stays what it is whichever block the transaction stands in.
    package static func events(
        in receipt: EVMReceipt,
        at treasury: EVMTreasury,
    ) -> [(event: Int, deposit: DepositEvent)] {
        guard receipt.hasSucceeded, let wallet = Wallet("\(treasury.address)") else { return [] }
        var memos = receipt.logs.compactMap { Arrival(memoLog: $0, treasury) }
        return receipt.logs.enumerated().compactMap { place, log in
            guard let arrival = Arrival(transferLog: log, treasury) else { return nil }
            // Each memo is of one transfer.
            let memo = memos.firstIndex { $0.isSameMovement(as: arrival) }.map {
                memos.remove(at: $0)
            }
            return (
                place,
                DepositEvent(
                    asset: arrival.asset,
                    amount: arrival.amount,
                    treasury: wallet,
                    sender: Wallet("\(arrival.sender)"),
                    code: memo?.memo.flatMap(code),
                ),
            )
        }
    }

    /// The deposit code that a memo is: its 32 digits as text, or its 16 bytes before or behind zeros.
    ///
    /// - Returns: what it says, where it is no code; `nil` for an empty one.
    static func code(in memo: EVMWord) -> String? {
        let (first, last) = (memo.bytes[..<16], memo.bytes[16...])
        let isZero = { (half: ArraySlice<UInt8>) in half.allSatisfy { $0 == 0 } }
        let text = memo.bytes.reversed().drop { $0 == 0 }.reversed()
        if text.isEmpty { return nil }
        if text.allSatisfy({ (0x20...0x7E).contains($0) }) {
            return String(decoding: text, as: UTF8.self)
        }
        if isZero(last) { return Hexadecimal.text(first) }
        return Hexadecimal.text(isZero(first) ? last : memo.bytes[...])
    }

    /// What a log says has arrived.
    private struct Arrival {
        let token: EVMAddress
        let asset: Asset
        let sender: EVMAddress
        let amount: Amount
        let memo: EVMWord?

        init?(transferLog log: EVMReceipt.Log, _ treasury: EVMTreasury) {
            guard log.topics.count == 3, log.topics[0] == EVMDeposits.transfer else { return nil }
            self.init(log, treasury, memo: nil)
        }

        init?(memoLog log: EVMReceipt.Log, _ treasury: EVMTreasury) {
            guard log.topics.count == 4, log.topics[0] == EVMDeposits.transferWithMemo else {
                return nil
            }
            self.init(log, treasury, memo: log.topics[3])
        }

        private init?(_ log: EVMReceipt.Log, _ treasury: EVMTreasury, memo: EVMWord?) {
            guard !log.wasRemoved, let asset = treasury.tokens[log.address],
                let sender = log.topics[1].address, sender != treasury.address,
                log.topics[2].address == treasury.address,
                let amount = EVMWord(bytes: log.data)?.amount, amount > .zero
            else { return nil }
            token = log.address
            self.asset = asset
            self.sender = sender
            self.amount = amount
            self.memo = memo
        }

        func isSameMovement(as other: Arrival) -> Bool {
            token == other.token && sender == other.sender && amount == other.amount
        }
    }
}
