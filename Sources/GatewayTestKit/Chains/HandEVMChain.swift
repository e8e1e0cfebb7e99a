package import ChainFormats
import Deposits
import FoundationEssentials
package import Primitives
import Synchronization
package import Watching

/// An EVM chain that a test mines by hand, and the node that answers for it.
///
/// It answers in JSON, as a node does. Faults are asked for by method.
package final class HandEVMChain: JSONRPC {
    /// A transfer of a token, with a memo or without.
    package struct Transfer: Sendable {
        package var token: EVMAddress
        package var sender: EVMAddress
        package var receiver: EVMAddress
        package var amount: Amount
        package var memo: EVMWord?

        package init(
            _ amount: Amount,
            of token: EVMAddress,
            from sender: EVMAddress,
            to receiver: EVMAddress,
            memo: EVMWord? = nil,
        ) {
            self.amount = amount
            self.token = token
            self.sender = sender
            self.receiver = receiver
            self.memo = memo
        }
    }

    private struct Transaction {
        let hash: EVMWord
        let hasSucceeded: Bool
        let transfers: [Transfer]
    }

    private struct Block {
        let hash: EVMWord
        var transactions: [Transaction] = []
    }

    private struct State {
        var blocks: [Block]
        var final = 0
        var made = 0
        var faults: [String: [RPCFailure?]] = [:]
        /// What every question ends with.
        var outage: RPCFailure?
        /// What questions for the receipts of some transactions end with.
        var withheld: [EVMWord: RPCFailure] = [:]
        /// Methods that are answered once another node was asked the same.
        var held: [String: HandEVMChain] = [:]
        /// Methods whose next answers are `null`.
        var nulls: [String: Int] = [:]
        /// What receipts say of transactions in which there is something else.
        var forged: [EVMWord: [Transfer]] = [:]
        /// Transactions whose receipts name a block that never came to be.
        var misplaced: Set<EVMWord> = []
        /// Transactions that no list of logs has.
        var unlisted: Set<EVMWord> = []
        var asked: [String] = []
        var areListsTurned = false
        /// How many blocks the node is behind that answers every other question, more or less.
        var lag = 0

        /// The chain as that node sees it.
        var behind: State {
            var late = self
            late.blocks.removeLast(min(lag, blocks.count - 1))
            late.final = max(0, min(final - lag, late.blocks.count - 1))
            return late
        }
    }

    private let chainID: UInt64
    private let state: Mutex<State>

    package init(chainID: UInt64) {
        self.chainID = chainID
        state = Mutex(State(blocks: [Block(hash: HandEVMChain.word(0))]))
    }

    private static func word(_ number: Int) -> EVMWord {
        EVMWord(Amount(Int64(number)))
    }

    // MARK: The chain

    /// Mines a block with one transaction for each list of transfers.
    ///
    /// - Returns: the transactions' hashes.
    @discardableResult
    package func mine(_ transfers: [Transfer]..., hasSucceeded: Bool = true) -> [EVMWord] {
        state.withLock { state in
            state.made += 1
            var block = Block(hash: HandEVMChain.word(1_000_000 + state.made))
            for list in transfers {
                state.made += 1
                block.transactions.append(
                    Transaction(
                        hash: HandEVMChain.word(2_000_000 + state.made),
                        hasSucceeded: hasSucceeded,
                        transfers: list,
                    )
                )
            }
            state.blocks.append(block)
            return block.transactions.map(\.hash)
        }
    }

    /// Takes back so many blocks and mines others, one more of them; with the same transactions in the
    /// first of them, or without.
    package func reorganise(_ depth: Int, keeping: Bool = false) {
        state.withLock { state in
            let gone = state.blocks.suffix(depth).flatMap(\.transactions)
            state.blocks.removeLast(depth)
            for number in 0...depth {
                state.made += 1
                var block = Block(hash: HandEVMChain.word(1_000_000 + state.made))
                if number == 0, keeping { block.transactions = gone }
                state.blocks.append(block)
            }
            state.final = min(state.final, state.blocks.count - 1)
        }
    }

    package var newest: Int { state.withLock { $0.blocks.count - 1 } }

    /// Makes everything final that there is, or up to a block.
    package func finalise(upTo block: Int? = nil) {
        state.withLock { $0.final = block ?? $0.blocks.count - 1 }
    }

    // MARK: Faults

    /// Lets the next questions of a method fail, one after the other; `nil` lets one pass.
    package func fail(_ method: String, _ failures: [RPCFailure?]) {
        state.withLock { $0.faults[method, default: []] += failures }
    }

    /// Lets every question fail, until it is `nil` again.
    package func fail(_ outage: RPCFailure?) { state.withLock { $0.outage = outage } }

    /// Lets every question for a transaction's receipt fail, until it is `nil` again.
    package func withhold(_ transaction: EVMWord, _ failure: RPCFailure?) {
        state.withLock { $0.withheld[transaction] = failure }
    }

    /// Answers a method once another node was asked the same, or when whoever asks waits no more.
    package func hold(_ method: String, until other: HandEVMChain) {
        state.withLock { $0.held[method] = other }
    }

    package func answerNull(_ method: String, times: Int = 1) {
        state.withLock { $0.nulls[method] = times }
    }

    /// Lists logs the newest first, each twice.
    package func turnLists() { state.withLock { $0.areListsTurned = true } }

    /// Has about every other question answered by a node that is so many blocks behind.
    package func lag(by blocks: Int) { state.withLock { $0.lag = blocks } }

    /// Leaves a transaction out of all lists of logs, though it is there.
    package func leaveOut(_ transaction: EVMWord) {
        state.withLock { _ = $0.unlisted.insert(transaction) }
    }

    package func listAll() { state.withLock { $0.unlisted = [] } }

    /// Says of a transaction that there are these transfers in it; `nil` tells the truth again.
    package func forge(_ transaction: EVMWord, _ transfers: [Transfer]?) {
        state.withLock { $0.forged[transaction] = transfers }
    }

    /// Says of all transactions so far that they stand in blocks that never came to be, or tells the truth.
    package func misplace(_ isMisplaced: Bool) {
        state.withLock { state in
            let all = state.blocks.flatMap(\.transactions).map(\.hash)
            state.misplaced = isMisplaced ? Set(all) : []
        }
    }

    /// The methods that were asked, in order.
    package var asked: [String] { state.withLock(\.asked) }

    package func forgetAsked() { state.withLock { $0.asked = [] } }

    // MARK: The node

    package func call<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [JSONParameter],
        as result: Result.Type,
    ) async throws(RPCFailure) -> Result? {
        let other = state.withLock { state in
            state.asked.append(method)
            return state.held[method]
        }
        if let other {
            while !other.asked.contains(method), !Task.isCancelled { await Task.yield() }
        }
        let (failure, answer) = state.withLock { state -> (RPCFailure?, String?) in
            if let outage = state.outage { return (outage, nil) }
            if let next = state.faults[method]?.first {
                state.faults[method]?.removeFirst()
                if let next { return (next, nil) }
            }
            if let failure = withheld(method, parameters, state) { return (failure, nil) }
            if let left = state.nulls[method], left > 0 {
                state.nulls[method] = left - 1
                return (nil, nil)
            }
            let isLate = state.lag > 0 && state.asked.count &* 0x9E37_79B9 & 0x1_0000 != 0
            return (nil, self.answer(method, parameters, isLate ? state.behind : state))
        }
        if let failure { throw failure }
        guard let answer else { return nil }
        do {
            return try JSONDecoder().decode(Result.self, from: Data(answer.utf8))
        } catch {
            throw .malformed(method: method)
        }
    }

    private func withheld(
        _ method: String,
        _ parameters: [JSONParameter],
        _ state: State,
    ) -> RPCFailure? {
        guard method == "eth_getTransactionReceipt", case .text(let name) = parameters.first else {
            return nil
        }
        return EVMWord(name).flatMap { state.withheld[$0] }
    }

    private func answer(
        _ method: String,
        _ parameters: [JSONParameter],
        _ state: State,
    ) -> String? {
        switch method {
        case "eth_chainId": "\"\(EVMHex.text(quantity: chainID))\""
        case "eth_blockNumber": "\"\(quantity(state.blocks.count - 1))\""
        case "eth_getBlockByNumber": block(parameters, state)
        case "eth_getTransactionReceipt": receipt(parameters, state)
        case "eth_getLogs": logs(parameters, state)
        case _: nil
        }
    }

    private func quantity(_ number: Int) -> String { EVMHex.text(quantity: UInt64(number)) }

    private func number(_ parameter: JSONParameter?, _ state: State) -> Int? {
        guard case .text(let text) = parameter else { return nil }
        return text == "finalized" ? state.final : EVMHex.quantity(text).map { Int($0) }
    }

    private func block(_ parameters: [JSONParameter], _ state: State) -> String? {
        guard let number = number(parameters.first, state), state.blocks.indices.contains(number)
        else { return nil }
        return #"{"number":"\#(quantity(number))","hash":"\#(state.blocks[number].hash)"}"#
    }

    private func receipt(_ parameters: [JSONParameter], _ state: State) -> String? {
        for (number, block) in state.blocks.enumerated() {
            for transaction in block.transactions
            where parameters.first == .text("\(transaction.hash)") {
                let transfers = state.forged[transaction.hash] ?? transaction.transfers
                let logs = transaction.hasSucceeded ? logs(of: transfers) : []
                let isMisplaced = state.misplaced.contains(transaction.hash)
                let place = isMisplaced ? HandEVMChain.word(9_000_000 + number) : block.hash
                return """
                    {"transactionHash":"\(transaction.hash)","blockNumber":"\(quantity(number))",
                    "blockHash":"\(place)","status":"\(transaction.hasSucceeded ? "0x1" : "0x0")",
                    "logs":[\(logs.joined(separator: ","))]}
                    """
            }
        }
        return nil
    }

    private func logs(_ parameters: [JSONParameter], _ state: State) -> String? {
        guard case .object(let filter) = parameters.first,
            let first = number(filter["fromBlock"], state),
            let last = number(filter["toBlock"], state), case .list(let topics) = filter["topics"]
        else { return nil }
        let found = state.blocks.indices.filter { (first...max(first, last)).contains($0) }
            .flatMap { state.blocks[$0].transactions }
            .filter { !state.unlisted.contains($0.hash) }
            .flatMap { transaction in
                transaction.transfers.filter {
                    transaction.hasSucceeded && topics.last == .text("\(EVMWord($0.receiver))")
                        && filter["address"] == .list([.text("\($0.token)")])
                }.map { _ in #"{"transactionHash":"\#(transaction.hash)"}"# }
            }
        let listed = state.areListsTurned ? (found + found).reversed() : found
        return "[\(listed.joined(separator: ","))]"
    }

    private func logs(of transfers: [Transfer]) -> [String] {
        transfers.flatMap { transfer in
            let both = "\"\(EVMWord(transfer.sender))\",\"\(EVMWord(transfer.receiver))\""
            func log(_ topics: String) -> String {
                #"{"address":"\#(transfer.token)","topics":[\#(topics)],"#
                    + #""data":"\#(EVMWord(transfer.amount))","removed":false}"#
            }
            let plain = EVMWord(signature: "Transfer(address,address,uint256)")
            let withMemo = EVMWord(signature: "TransferWithMemo(address,address,uint256,bytes32)")
            return [log("\"\(plain)\",\(both)")]
                + (transfer.memo.map { [log("\"\(withMemo)\",\(both),\"\($0)\"")] } ?? [])
        }
    }
}
