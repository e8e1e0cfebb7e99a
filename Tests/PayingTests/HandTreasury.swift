import ChainFormats
import FoundationEssentials
import Primitives
import Synchronization
import Watching

/// An EVM chain with one token, of which a test makes every block, and a node that answers for it.
///
/// Transactions are what `EVMTransaction` writes; each is a transfer and lands, in the order of its nonce.
final class HandTreasury: JSONRPC {
    private struct Landed {
        let transaction: SignedEVMTransaction
        let block: Int
        let hasSucceeded: Bool
    }

    private struct State {
        var blocks = 1
        var final = 0
        /// Goes up when blocks are replaced, so that their hashes do.
        var branch = 0
        var waiting: [String: SignedEVMTransaction] = [:]
        var landed: [String: Landed] = [:]
        /// Nonces that transactions of nobody's have used.
        var foreign: [UInt64] = []
        var baseFee: UInt64 = 1_000_000_000
        var priorityFee: UInt64 = 10
        var fails = false
        /// What it does not tell, and how far its count of transactions lags.
        var hidesReceipts = false
        var lag: UInt64 = 0
        var sent = 0
    }

    private let state = Mutex(State())
    let chainID: UInt64 = 42_431

    // MARK: The chain

    /// Makes a block of all that waits, `without` what these transactions are.
    func mine(without left: Set<String> = []) {
        state.withLock { state in
            let taken = state.waiting.filter { !left.contains($0.key) }
            for (name, transaction) in taken {
                let sender = transaction.signer
                guard transaction.transaction.nonce == count(sender, state) else { continue }
                state.landed[name] = Landed(
                    transaction: transaction,
                    block: state.blocks,
                    hasSucceeded: !state.fails,
                )
                state.waiting[name] = nil
            }
            state.blocks += 1
        }
    }

    func mineEmpty(_ count: Int) { state.withLock { $0.blocks += count } }

    /// Takes back everything that is not final; what was in it waits again, or is forgotten.
    func reorganise(forgetting: Bool = false) {
        state.withLock { state in
            state.branch += 1
            for (name, landed) in state.landed where landed.block > state.final {
                state.landed[name] = nil
                if !forgetting { state.waiting[name] = landed.transaction }
            }
        }
    }

    func finalise() { state.withLock { $0.final = $0.blocks - 1 } }

    /// Another wallet's program uses the next nonce.
    func useNonce(_ nonce: UInt64) { state.withLock { $0.foreign.append(nonce) } }

    func price(_ base: UInt64, _ priority: UInt64) {
        state.withLock { ($0.baseFee, $0.priorityFee) = (base, priority) }
    }

    func failTransfers() { state.withLock { $0.fails = true } }
    func hideReceipts(_ hides: Bool) { state.withLock { $0.hidesReceipts = hides } }
    func lag(_ transactions: UInt64) { state.withLock { $0.lag = transactions } }
    var sent: Int { state.withLock(\.sent) }

    private func count(_ address: EVMAddress, _ state: State) -> UInt64 {
        let ours = state.landed.values.count { $0.transaction.signer == address }
        return UInt64(ours + state.foreign.count)
    }

    // MARK: The node

    func call<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [JSONParameter],
        as result: Result.Type,
    ) async throws(RPCFailure) -> Result? {
        let answered = state.withLock { state in
            Swift.Result<String?, RPCFailure> { () throws(RPCFailure) in
                try answer(method, parameters, &state)
            }
        }
        guard let answer = try answered.get() else { return nil }
        do {
            return try JSONDecoder().decode(Result.self, from: Data(answer.utf8))
        } catch {
            throw .malformed(method: method)
        }
    }

    private func answer(
        _ method: String,
        _ parameters: [JSONParameter],
        _ state: inout State,
    ) throws(RPCFailure) -> String? {
        switch method {
        case "eth_chainId": return quantity(chainID)
        case "eth_blockNumber": return quantity(UInt64(state.blocks - 1))
        case "eth_estimateGas": return quantity(40_000)
        case "eth_maxPriorityFeePerGas": return quantity(state.priorityFee)
        case "eth_getTransactionCount":
            guard case .text(let text) = parameters[0], let address = EVMAddress(text) else {
                return nil
            }
            let count = count(address, state)
            return quantity(count - min(count, state.lag))
        case "eth_getBlockByNumber": return block(parameters[0], state)
        case "eth_getTransactionReceipt":
            guard case .text(let name) = parameters[0], !state.hidesReceipts else { return nil }
            return state.landed[name].map { receipt(name, $0, state) }
        case "eth_sendRawTransaction": return try send(parameters[0], &state)
        case _: return nil
        }
    }

    private func quantity(_ number: UInt64) -> String {
        "\"\(EVMHex.text(quantity: number))\""
    }

    private func hash(of block: Int, _ state: State) -> EVMWord {
        EVMWord(Amount(Int64(block + (block > state.final ? 1000 * state.branch : 0))))
    }

    private func block(_ name: JSONParameter, _ state: State) -> String? {
        guard case .text(let text) = name else { return nil }
        let asked = ["finalized": state.final, "latest": state.blocks - 1][text]
        guard let number = asked ?? EVMHex.quantity(text).map({ Int($0) }), number < state.blocks
        else { return nil }
        return """
            {"number":\(quantity(UInt64(number))),"hash":"\(hash(of: number, state))",
            "baseFeePerGas":\(quantity(state.baseFee))}
            """
    }

    private func receipt(_ name: String, _ landed: Landed, _ state: State) -> String {
        let transfer = EVMWord(signature: "Transfer(address,address,uint256)")
        let call = landed.transaction.transaction
        let (recipient, amount) = (Array(call.data[4..<36]), Array(call.data[36...]))
        let log = """
            {"address":"\(call.to)","topics":["\(transfer)","\(EVMWord(landed.transaction.signer))",
            "\(EVMHex.text(recipient))"],"data":"\(EVMHex.text(amount))","removed":false}
            """
        return """
            {"transactionHash":"\(name)","blockNumber":\(quantity(UInt64(landed.block))),
            "blockHash":"\(hash(of: landed.block, state))",
            "status":"\(landed.hasSucceeded ? "0x1" : "0x0")",
            "logs":[\(landed.hasSucceeded ? log : "")]}
            """
    }

    private func send(
        _ raw: JSONParameter,
        _ state: inout State,
    ) throws(RPCFailure) -> String? {
        guard case .text(let text) = raw, let bytes = EVMHex.bytes(text),
            let transaction = SignedEVMTransaction(bytes)
        else { return nil }
        state.sent += 1
        let name = EVMHex.text(Keccak256.digest(of: bytes))
        let refusal: String? =
            if state.waiting[name] != nil || state.landed[name] != nil {
                "already known"
            } else if transaction.transaction.nonce < count(transaction.signer, state) {
                "nonce too low"
            } else {
                nil
            }
        if let refusal {
            throw .refused(method: "eth_sendRawTransaction", code: -32_000, refusal)
        }
        state.waiting[name] = transaction
        return "\"\(name)\""
    }
}
