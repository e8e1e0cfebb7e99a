import ChainFormats
import Deposits
package import Primitives
import Synchronization
package import Watching
package import Withdrawals

/// Pays out of a treasury of an EVM chain: a transfer of its token, signed with the treasury's own key.
///
/// Each transaction has a nonce of its own, of which the chain takes one: what was signed once is sent
/// again and never signed anew, so that it is paid once.
package struct EVMPayer<Node: JSONRPC>: ChainPayer {
    /// The most that a transaction may cost, in the chain's smallest unit: a twentieth of its coin.
    private static var highestCost: UInt64 { 50_000_000_000_000_000 }
    /// How many final blocks have to say that a nonce is another's.
    private static var patience: Int64 { 32 }

    private let watching: EVMWatching
    private let node: EVMNode<Node>
    private let witnesses: [EVMNode<Node>]
    private let key: EVMKey
    /// What became of nonces, as far as this process has seen it.
    private let nonces = Nonces()

    /// The first node is asked for everything, the others for what they say of blocks.
    package init(_ watching: EVMWatching, nodes: [Node], key: EVMKey) {
        precondition(!nodes.isEmpty, "a chain is paid through a node")
        precondition(key.address == watching.treasury.address, "the key is the treasury's")
        self.watching = watching
        node = EVMNode(nodes[0])
        witnesses = nodes.dropFirst().map(EVMNode.init)
        self.key = key
    }

    private var treasury: EVMTreasury { watching.treasury }

    package func sign(
        _ order: Withdrawal.Order,
        beside waiting: [Withdrawal.Payment],
    ) async throws -> Withdrawal.Payment {
        try await node.requireChain(treasury.chainID)
        let (token, recipient) = try places(of: order)
        let data = EVMTransaction.transfer(order.amount, to: recipient)
        let gas = try await node.gas(from: treasury.address, to: token, data)
        let fees = try await node.fees()
        let sent = try await node.transactionCount(of: treasury.address)
        // It lands as long as the price of gas does not grow to four times what it is.
        let price = fees.base.multipliedReportingOverflow(by: 4)
        let highest = price.partialValue.addingReportingOverflow(fees.priority)
        let limit = gas.addingReportingOverflow(gas / 4)
        let cost = highest.partialValue.multipliedReportingOverflow(by: limit.partialValue)
        guard ![price, highest, limit, cost].contains(where: \.overflow),
            cost.partialValue <= Self.highestCost
        else {
            throw RPCFailure.inconsistent("a transfer costs \(gas) gas at \(fees.base)")
        }
        let next = waiting.map { UInt64(max(0, $0.place)) + 1 }.max() ?? 0
        let transaction = EVMTransaction(
            chain: treasury.chainID,
            // A node may lag behind what it has told of a receipt.
            nonce: max(sent, next, nonces.floor),
            priorityFee: fees.priority,
            highestFee: highest.partialValue,
            gas: limit.partialValue,
            to: token,
            data: data,
        )
        guard let raw = key.sign(transaction),
            let payment = Withdrawal.Payment(
                transaction: "\(EVMHex.text(Keccak256.digest(of: raw)))",
                place: Int64(clamping: transaction.nonce),
                raw: raw,
            )
        else { throw RPCFailure.inconsistent("\(order.id) can not be signed for") }
        return payment
    }

    package func send(_ payment: Withdrawal.Payment) async throws {
        try await node.requireChain(treasury.chainID)
        try await node.send(payment.raw)
    }

    package func outcome(
        of payment: Withdrawal.Payment,
        _ order: Withdrawal.Order,
        signedAt: Timestamp,
    ) async throws -> PaymentOutcome? {
        try await node.requireChain(treasury.chainID)
        guard let hash = EVMWord(payment.transaction) else { return nil }
        let final = try await node.lastFinal(watching.finality)
        guard let receipt = try await node.receipt(of: hash) else {
            return try await isTaken(payment, upTo: final)
                ? .failed(reason: "another transaction has its nonce", fee: nil) : nil
        }
        nonces.forget(payment.transaction)
        guard receipt.block <= final, try await isCanonical(receipt) else { return nil }
        nonces.land(payment.place)
        let (token, recipient) = try places(of: order)
        guard let sent = receipt.sent(token, from: treasury.address, to: recipient) else {
            throw RPCFailure.inconsistent("\(hash) moves more than there is")
        }
        // Chains without a coin of their own take their fee in tokens.
        let paid = receipt.hasSucceeded ? order.amount : .zero
        let fee = NetworkFee(order.asset, sent.inAll.subtractingOrZero(paid))
        let block = "in block \(receipt.block) \(receipt.blockHash)"
        guard receipt.hasSucceeded, sent.there >= order.amount else {
            return .failed(reason: "moved nothing, \(block)", fee: fee)
        }
        return .confirmed(evidence: block, fee: fee)
    }

    /// Whether a nonce was used by another transaction, in a block that is final.
    private func isTaken(
        _ payment: Withdrawal.Payment,
        upTo final: Int64,
    ) async throws -> Bool {
        let sent = try await node.transactionCount(of: treasury.address)
        guard sent > UInt64(max(0, payment.place)) else {
            nonces.forget(payment.transaction)
            return false
        }
        let since = nonces.taken(payment.transaction, try await node.newestBlock())
        // Receipts may come late: not one look decides, nor a few blocks.
        guard final >= since + Self.patience, let hash = EVMWord(payment.transaction) else {
            return false
        }
        // Whoever sees it knows better.
        for witness in [node] + witnesses where try await witness.receipt(of: hash) != nil {
            return false
        }
        return true
    }

    private func isCanonical(_ receipt: EVMReceipt) async throws -> Bool {
        guard try await node.block(receipt.block)?.hash == receipt.blockHash else { return false }
        var agreed = 1
        for witness in witnesses where agreed < watching.quorum {
            // One that can not be asked does not agree.
            let block = try? await witness.block(receipt.block)
            if block?.hash == receipt.blockHash { agreed += 1 }
        }
        return agreed >= watching.quorum
    }

    private func places(
        of order: Withdrawal.Order
    ) throws -> (token: EVMAddress, recipient: EVMAddress) {
        let token = treasury.tokens.first { $0.value == order.asset }?.key
        let address = order.wallet.description.split(separator: "@").first ?? ""
        guard let token, let recipient = EVMAddress(address) else {
            throw RPCFailure.inconsistent("\(order.id) is not of this chain")
        }
        return (token, recipient)
    }

    private final class Nonces: Sendable {
        private struct State {
            /// In which block it was first seen that another transaction has the nonce of one of ours.
            var taken: [String: Int64] = [:]
            var floor: UInt64 = 0
        }

        private let state = Mutex(State())

        /// One more than the highest that has landed.
        var floor: UInt64 { state.withLock(\.floor) }

        func land(_ nonce: Int64) {
            state.withLock { $0.floor = max($0.floor, UInt64(max(0, nonce)) + 1) }
        }

        func taken(_ transaction: String, _ block: Int64) -> Int64 {
            state.withLock { state in
                let first = min(state.taken[transaction] ?? block, block)
                state.taken[transaction] = first
                return first
            }
        }

        func forget(_ transaction: String) {
            state.withLock { _ = $0.taken.removeValue(forKey: transaction) }
        }
    }
}
