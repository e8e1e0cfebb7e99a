import ChainFormats
import Deposits
package import Primitives
import Synchronization
package import Watching
package import Withdrawals

/// Pays out of a treasury of an EVM chain: a transfer of its token, signed with the treasury's own key.
///
/// Each withdrawal has a nonce of its own, of which the chain takes one transaction: what was signed is sent
/// again and again, and signed anew for the same nonce alone, so that it is paid once.
package struct EVMPayer<Node: JSONRPC>: ChainPayer {
    /// The most that a transaction may cost, in the chain's smallest unit: a twentieth of its coin.
    private static var highestCost: UInt64 { 50_000_000_000_000_000 }
    /// How many final blocks have to say that a nonce is another's.
    private static var patience: Int64 { 32 }
    /// After ten minutes, a higher fee is offered where it takes one.
    private static var stuckMicroseconds: Int64 { 600_000_000 }
    private static var mostReplaced: Int { 100 }

    private let watching: EVMWatching
    private let node: EVMNode<Node>
    private let witnesses: [EVMNode<Node>]
    private let key: EVMKey
    /// What became of nonces, as far as this process has seen it.
    private let nonces = Nonces()

    /// The first node is asked for everything, the others for what they say of receipts and blocks, and of which
    /// are final.
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
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment {
        try await node.requireChain(treasury.chainID)
        let (token, recipient) = try places(of: order)
        let data = EVMTransaction.transfer(order.amount, to: recipient)
        let gas = try await node.gas(from: treasury.address, to: token, data)
        let prices = try await node.fees()
        let sent = try await node.transactionCount(of: treasury.address)
        let limit = gas.addingReportingOverflow(gas / 4 + Self.salt(of: order.id))
        guard let fees = EVMFees(base: prices.base, priority: prices.priority), !limit.overflow,
            isAffordable(fees, limit.partialValue)
        else {
            throw RPCFailure.inconsistent("a transfer costs \(gas) gas at \(prices.base)")
        }
        // What another treasury has signed has nonces of its own.
        let own = try waiting.filter { try self.transaction(of: $0).signer == treasury.address }
        let next = own.map { UInt64(max(0, $0.place)) + 1 }.max() ?? 0
        let transaction = EVMTransaction(
            chain: treasury.chainID,
            // A node may lag behind what it has told of a receipt.
            nonce: max(sent, next, nonces.floor),
            priorityFee: fees.priority,
            highestFee: fees.highest,
            gas: limit.partialValue,
            to: token,
            data: data,
        )
        return try signed(transaction, replaced: [], at: now)
    }

    /// A little gas more, so that no two withdrawals of one amount are the same transaction.
    private static func salt(of id: WithdrawalID) -> UInt64 {
        Keccak256.digest(of: Array("\(id)".utf8)).prefix(2).reduce(0) { $0 << 8 | UInt64($1) }
            % 1024
    }

    private func isAffordable(_ fees: EVMFees, _ gas: UInt64) -> Bool {
        fees.cost(of: gas).map { $0 <= Self.highestCost } ?? false
    }

    private func signed(
        _ transaction: EVMTransaction,
        replaced: [String],
        at now: Timestamp,
    ) throws -> Withdrawal.Payment {
        guard let raw = key.sign(transaction),
            let payment = Withdrawal.Payment(
                transaction: "\(EVMHex.text(Keccak256.digest(of: raw)))",
                place: Int64(clamping: transaction.nonce),
                raw: raw,
                signedAt: now,
                replaced: replaced,
            )
        else { throw RPCFailure.inconsistent("nonce \(transaction.nonce) can not be signed for") }
        return payment
    }

    package func send(_ payment: Withdrawal.Payment) async throws {
        try await node.requireChain(treasury.chainID)
        try await node.send(payment.raw)
    }

    package func replacement(
        of payment: Withdrawal.Payment,
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment? {
        guard now.microseconds - payment.signedAt.microseconds >= Self.stuckMicroseconds else {
            return nil
        }
        return try await another(for: payment, at: now) { $0.raised(base: $1, priority: $2) }
    }

    package func again(
        _ payment: Withdrawal.Payment,
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment? {
        try await another(for: payment, at: now) { $0.outbid(base: $1, priority: $2) }
    }

    /// Another transaction for the same nonce, that offers what `offer` makes of the first one's offer, the base
    /// fee and the priority fee of now.
    private func another(
        for payment: Withdrawal.Payment,
        at now: Timestamp,
        _ offer: (EVMFees, UInt64, UInt64) -> EVMFees?,
    ) async throws -> Withdrawal.Payment? {
        let old = try transaction(of: payment)
        // What another key has signed, only that one can replace.
        guard payment.replaced.count < Self.mostReplaced, old.signer == treasury.address,
            old.transaction.chain == treasury.chainID
        else { return nil }
        try await node.requireChain(treasury.chainID)
        // What has landed, or can not any more, has nothing to offer.
        guard try await node.transactionCount(of: treasury.address) <= old.transaction.nonce,
            try await receipt(of: payment, from: node) == nil
        else { return nil }
        let prices = try await node.fees()
        let offered = EVMFees(
            priority: old.transaction.priorityFee,
            highest: old.transaction.highestFee,
        )
        guard let fees = offer(offered, prices.base, prices.priority),
            isAffordable(fees, old.transaction.gas)
        else { return nil }
        let transaction = EVMTransaction(
            chain: treasury.chainID,
            nonce: old.transaction.nonce,
            priorityFee: fees.priority,
            highestFee: fees.highest,
            gas: old.transaction.gas,
            to: old.transaction.to,
            data: old.transaction.data,
        )
        return try signed(
            transaction,
            replaced: payment.replaced + [payment.transaction],
            at: now,
        )
    }

    private func transaction(of payment: Withdrawal.Payment) throws -> SignedEVMTransaction {
        guard let signed = SignedEVMTransaction(payment.raw) else {
            throw RPCFailure.inconsistent("\(payment.transaction) is no transaction")
        }
        return signed
    }

    package func outcome(
        of payment: Withdrawal.Payment,
        _ order: Withdrawal.Order,
        at now: Timestamp,
    ) async throws -> (transaction: String, outcome: PaymentOutcome)? {
        try await node.requireChain(treasury.chainID)
        // The treasury may be another one by now.
        let payer = try transaction(of: payment).signer
        guard let (name, receipt) = try await receipt(of: payment, from: node) else {
            return try await isTaken(payment, of: payer)
                ? (
                    payment.transaction,
                    .failed(reason: "another transaction has its nonce", fee: nil),
                )
                : nil
        }
        nonces.forget(payment.transaction)
        guard try await isFinal(receipt) else { return nil }
        if payer == treasury.address { nonces.land(payment.place) }
        return (name, try outcome(receipt, order, from: payer))
    }

    /// What the chain says of the one that landed, of all that may.
    private func receipt(
        of payment: Withdrawal.Payment,
        from node: EVMNode<Node>,
    ) async throws -> (name: String, receipt: EVMReceipt)? {
        for name in payment.names {
            guard let hash = EVMWord(name), let receipt = try await node.receipt(of: hash) else {
                continue
            }
            return (name, receipt)
        }
        return nil
    }

    private func outcome(
        _ receipt: EVMReceipt,
        _ order: Withdrawal.Order,
        from payer: EVMAddress,
    ) throws -> PaymentOutcome {
        let (token, recipient) = try places(of: order)
        guard let sent = receipt.sent(token, from: payer, to: recipient) else {
            throw RPCFailure.inconsistent("\(receipt.transaction) moves more than there is")
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
        of payer: EVMAddress,
    ) async throws -> Bool {
        let sent = try await node.transactionCount(of: payer)
        guard sent > UInt64(max(0, payment.place)) else {
            nonces.forget(payment.transaction)
            return false
        }
        let since = nonces.taken(payment.transaction, try await node.newestBlock())
        // Receipts may come late: not one look decides, nor a few blocks.
        guard try await lastFinal(beside: others()) >= since + Self.patience else { return false }
        // Whoever sees it knows better, and each has to say that the nonce is gone.
        for witness in [node] + witnesses {
            guard try await witness.transactionCount(of: payer) > UInt64(max(0, payment.place)),
                try await witness.lastFinal(watching.finality) >= since + Self.patience,
                try await receipt(of: payment, from: witness) == nil
            else { return false }
        }
        return true
    }

    /// Whether enough nodes tell a receipt so, and call its block final.
    private func isFinal(_ receipt: EVMReceipt) async throws -> Bool {
        let (quorum, others) = (watching.quorum, await others())
        guard receipt.block <= (try await lastFinal(beside: others)) else { return false }
        let agreement = try await node.agreement(on: receipt, with: others, upTo: quorum)
        return agreement.agreed >= quorum
    }

    /// The witnesses that are asked beside the first node: none where its word is enough.
    private func others() async -> [EVMNode<Node>] {
        await EVMNode.all(watching.quorum > 1 ? witnesses : [], of: treasury.chainID)
    }

    private func lastFinal(beside others: [EVMNode<Node>]) async throws -> Int64 {
        try await node.lastFinal(watching.finality, with: others, by: watching.quorum)
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
