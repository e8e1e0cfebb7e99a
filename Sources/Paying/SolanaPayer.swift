import ChainFormats
import Deposits
package import Primitives
package import Watching
package import Withdrawals

/// Pays out of a treasury of Solana: SOL, or tokens to the account that the recipient has for them, signed
/// with the treasury's own key.
///
/// An account is made for nobody: who closed it would keep its rent, again and again. A transaction lands
/// within some 150 blocks or never. Only when that is certain another one is signed, so that it is paid once.
package struct SolanaPayer<Node: JSONRPC>: ChainPayer {
    /// How many blocks beyond its last one a transaction is still waited for: nodes are not all at one place.
    private static var margin: Int64 { 150 }
    /// Within how many blocks a transaction lands, or never.
    private static var lifetime: Int64 { 150 }
    /// How far a node may be behind another; who is farther is wrong.
    private static var farthest: Int64 { 1000 }
    /// The least that a transaction's time lasts, whatever a node says of its height: 150 blocks of 0.6 seconds.
    private static var shortestMicroseconds: Int64 { 90_000_000 }

    private let watching: SolanaWatching
    private let node: SolanaNode<Node>
    private let witnesses: [SolanaNode<Node>]
    private let key: SolanaSigningKey

    /// The first node is asked for everything, the others whether they have what it has not.
    package init(_ watching: SolanaWatching, nodes: [Node], key: SolanaSigningKey) {
        precondition(!nodes.isEmpty, "a network is paid through a node")
        precondition(key.wallet == watching.treasury.wallet, "the key is the treasury's")
        self.watching = watching
        node = SolanaNode(nodes[0])
        witnesses = nodes.dropFirst().map(SolanaNode.init)
        self.key = key
    }

    private var treasury: SolanaTreasury { watching.treasury }

    package func sign(
        _ order: Withdrawal.Order,
        beside waiting: [Withdrawal.Payment],
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment {
        try await requireGenesis()
        let (hash, lastHeight) = try await node.latestBlockhash()
        // A node that says less than it is would have it over too soon.
        var place = lastHeight
        for witness in witnesses {
            // One that can not be asked says nothing.
            guard let height = try? await height(of: witness) else { continue }
            place = max(place, min(height + Self.lifetime, lastHeight + Self.farthest))
        }
        let instructions = try instructions(of: order)
        guard
            let message = SolanaMessage(instructions, payer: treasury.wallet, blockhash: hash),
            let signed = key.sign(message), let name = signed.signatures.first,
            let payment = Withdrawal.Payment(
                transaction: "\(name)",
                place: place,
                raw: signed.encoded,
                signedAt: now,
            )
        else { throw RPCFailure.inconsistent("\(order.id) can not be signed for") }
        try await node.simulate(payment.raw)
        return payment
    }

    /// The transfer, with the withdrawal's name in a memo, so that no two transactions are the same one.
    private func instructions(of order: Withdrawal.Order) throws -> [SolanaInstruction] {
        guard let recipient = SolanaKey(order.wallet.description) else {
            throw RPCFailure.inconsistent("\(order.id) is not of this chain")
        }
        let memo = SolanaInstruction(.memo, [], Array("\(Withdrawal.memo(of: order.id))".utf8))
        let units = UInt64(order.amount.units)
        switch order.asset {
        case .sol:
            return [.transferSOL(units, from: treasury.wallet, to: recipient), memo]
        case .usdc:
            let mint = treasury.mint
            return [
                .transfer(units, of: mint, decimals: 6, from: treasury.wallet, to: recipient), memo,
            ]
        case .usd, .pathusd: throw RPCFailure.inconsistent("\(order.id) is not of this chain")
        }
    }

    package func send(_ payment: Withdrawal.Payment) async throws {
        try await requireGenesis()
        try await node.send(payment.raw)
    }

    package func outcome(
        of payment: Withdrawal.Payment,
        _ order: Withdrawal.Order,
        at now: Timestamp,
    ) async throws -> (transaction: String, outcome: PaymentOutcome)? {
        try await outcome(payment, order, at: now).map { (payment.transaction, $0) }
    }

    /// There is no place that two could share.
    package func again(
        _ payment: Withdrawal.Payment,
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment? { nil }

    /// There is none: what does not land in its time is signed anew.
    package func replacement(
        of payment: Withdrawal.Payment,
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment? { nil }

    private func outcome(
        _ payment: Withdrawal.Payment,
        _ order: Withdrawal.Order,
        at now: Timestamp,
    ) async throws -> PaymentOutcome? {
        try await requireGenesis()
        // The height is asked for first: what is not there afterwards did not come in time.
        let final = try await node.finalHeight()
        switch try await node.landing(of: payment.transaction) {
        case .pending: return nil
        case .unknown(let slot):
            let age = now.microseconds - payment.signedAt.microseconds
            guard isOver(payment, at: final.height), slot >= final.slot,
                age >= Self.shortestMicroseconds
            else { return nil }
            return try await isNowhere(payment)
                ? .expired(evidence: "is not there at height \(final.height)") : nil
        case .finalized(let hasFailed):
            guard let landed = try await node.transaction(payment.transaction, .finalized) else {
                return nil
            }
            guard landed.hasFailed == hasFailed else {
                throw RPCFailure.inconsistent("\(payment.transaction) failed and did not")
            }
            return outcome(landed, order)
        }
    }

    private func isOver(_ payment: Withdrawal.Payment, at height: Int64) -> Bool {
        height >= Self.margin && height - Self.margin > payment.place
    }

    /// Whether no node has a transaction that all of them would have: their history goes back to before it was
    /// signed, and each of them says that its time is over.
    private func isNowhere(_ payment: Withdrawal.Payment) async throws -> Bool {
        for node in [node] + witnesses {
            let final = try await node.finalHeight()
            guard isOver(payment, at: final.height),
                try await node.hasHistory(since: payment.signedAt),
                case .unknown(let slot) = try await node.landing(of: payment.transaction),
                slot >= final.slot
            else { return false }
        }
        return true
    }

    private func outcome(
        _ landed: LandedTransaction,
        _ order: Withdrawal.Order,
    ) -> PaymentOutcome? {
        let paid = !landed.hasFailed && order.asset == .sol ? order.amount : .zero
        // The treasury may be another one by now.
        let gone = landed.changes[landed.payer].map {
            Int64(clamping: Int128($0.lamportsBefore) - Int128($0.lamportsAfter))
        }
        let fee = NetworkFee(.sol, Amount(max(0, gone ?? 0)).subtractingOrZero(paid))
        let slot = "in slot \(landed.slot)"
        return landed.hasFailed
            ? .failed(reason: "failed \(slot)", fee: fee) : .confirmed(evidence: slot, fee: fee)
    }

    private func requireGenesis() async throws {
        if let genesis = watching.genesis { try await node.requireGenesis(genesis) }
    }

    private func height(of node: SolanaNode<Node>) async throws -> Int64 {
        if let genesis = watching.genesis { try await node.requireGenesis(genesis) }
        return try await node.finalHeight().height
    }
}

extension Withdrawal {
    /// What a transaction says of the withdrawal that it is for, to whoever reads the chain.
    static func memo(of id: WithdrawalID) -> String { "farebox/withdrawal/\(id.name)" }
}

extension SolanaInstruction {
    /// Source: `solana-system-interface`, instruction 2: from, to.
    static func transferSOL(
        _ lamports: UInt64,
        from payer: SolanaKey,
        to recipient: SolanaKey,
    ) -> SolanaInstruction {
        SolanaInstruction(
            .system,
            [
                Account(payer, isSigner: true, isWritable: true),
                Account(recipient, isWritable: true),
            ],
            [2, 0, 0, 0] + lamports.littleEndianBytes,
        )
    }

    /// Source: `spl-token`, instruction 12, `TransferChecked`: source, mint, destination, authority.
    static func transfer(
        _ units: UInt64,
        of mint: SolanaKey,
        decimals: UInt8,
        from owner: SolanaKey,
        to recipient: SolanaKey,
    ) -> SolanaInstruction {
        SolanaInstruction(
            .token,
            [
                Account(ProgramAddress.tokenAccount(of: owner, mint: mint), isWritable: true),
                Account(mint),
                Account(ProgramAddress.tokenAccount(of: recipient, mint: mint), isWritable: true),
                Account(owner, isSigner: true),
            ],
            [12] + units.littleEndianBytes + [decimals],
        )
    }
}

extension UInt64 {
    fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
