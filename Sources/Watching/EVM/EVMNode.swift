package import ChainFormats
import Primitives

/// How deep a block has to be so that the chain will not take it back.
package enum EVMFinality: Hashable, Sendable {
    /// What the chain itself calls `finalized`.
    case finalized
    /// So many blocks below the newest; 0 for a chain whose blocks are final at once.
    case depth(Int64)
}

/// A block of the canonical chain, by its number.
package struct EVMBlock: Hashable, Sendable, Decodable {
    package let number: Int64
    package let hash: EVMWord

    private enum CodingKeys: String, CodingKey {
        case number, hash
    }

    package init(from decoder: any Decoder) throws {
        let answer = try decoder.container(keyedBy: CodingKeys.self)
        number = try answer.read(.number) { EVMHex.blockNumber($0) }
        hash = try answer.read(.hash) { EVMWord($0) }
    }
}

/// The questions that are asked of an EVM chain's node.
///
/// Source: the execution API's `eth` methods.
package struct EVMNode<Node: JSONRPC>: Sendable {
    let node: Node

    package init(_ node: Node) { self.node = node }

    /// - Throws: ``RPCFailure``, ``RPCFailure/wrongChain(expected:found:)`` among them.
    package func requireChain(_ id: UInt64) async throws(RPCFailure) {
        let found = try await node.ask("eth_chainId", [], as: String.self)
        guard EVMHex.quantity(found) == id else {
            throw .wrongChain(expected: String(id), found: String(found.prefix(20)))
        }
    }

    package func newestBlock() async throws(RPCFailure) -> Int64 {
        let text = try await node.ask("eth_blockNumber", [], as: String.self)
        guard let number = EVMHex.blockNumber(text) else {
            throw .malformed(method: "eth_blockNumber")
        }
        return number
    }

    /// The last block that is final; below zero where there is none yet.
    package func lastFinal(_ finality: EVMFinality) async throws(RPCFailure) -> Int64 {
        switch finality {
        case .depth(let depth): return try await newestBlock() - depth
        case .finalized:
            let parameters: [JSONParameter] = [.text("finalized"), .bool(false)]
            return try await node.ask("eth_getBlockByNumber", parameters, as: EVMBlock.self).number
        }
    }

    /// The block that has this number now; `nil` where there is none.
    package func block(_ number: Int64) async throws(RPCFailure) -> EVMBlock? {
        let parameters: [JSONParameter] = [.text(EVMNode.text(number)), .bool(false)]
        let block = try await node.call("eth_getBlockByNumber", parameters, as: EVMBlock.self)
        guard block.map({ $0.number == number }) ?? true else {
            throw .inconsistent("block \(number) says that it is another")
        }
        return block
    }

    package func receipt(of transaction: EVMWord) async throws(RPCFailure) -> EVMReceipt? {
        let parameters = [JSONParameter.text("\(transaction)")]
        let receipt = try await node.call(
            "eth_getTransactionReceipt",
            parameters,
            as: EVMReceipt.self,
        )
        guard receipt.map({ $0.transaction == transaction }) ?? true else {
            throw .inconsistent("the receipt of \(transaction) is another's")
        }
        return receipt
    }

    /// The transactions with a transfer of one of the treasury's tokens to it, each once, in order.
    package func transfers(
        to treasury: EVMTreasury,
        in blocks: ClosedRange<Int64>,
    ) async throws(RPCFailure) -> [EVMWord] {
        let filter: [String: JSONParameter] = [
            "address": .list(treasury.tokens.keys.map { .text("\($0)") }),
            "fromBlock": .text(EVMNode.text(blocks.lowerBound)),
            "toBlock": .text(EVMNode.text(blocks.upperBound)),
            "topics": .list([
                .text("\(EVMDeposits.transfer)"), .null, .text("\(EVMWord(treasury.address))"),
            ]),
        ]
        let logs = try await node.ask("eth_getLogs", [.object(filter)], as: [Found].self)
        var seen: Set<EVMWord> = []
        return logs.map(\.transaction).filter { seen.insert($0).inserted }
    }

    /// What a contract answers to a call, as things stand in the newest block.
    package func call(_ contract: EVMAddress, _ data: [UInt8]) async throws(RPCFailure) -> [UInt8] {
        let asked: [String: JSONParameter] = [
            "to": .text("\(contract)"), "data": .text(EVMHex.text(data)),
        ]
        let text = try await node.ask(
            "eth_call",
            [.object(asked), .text("latest")],
            as: String.self,
        )
        guard let bytes = EVMHex.bytes(text) else { throw .malformed(method: "eth_call") }
        return bytes
    }

    /// What a treasury has of its tokens in the newest block.
    ///
    /// Source: ERC-20's `balanceOf`.
    func holdings(of treasury: EVMTreasury) async throws(RPCFailure) -> [Asset: Amount] {
        let function = EVMWord(signature: "balanceOf(address)").bytes.prefix(4)
        var holdings: [Asset: Amount] = [:]
        for (token, asset) in treasury.tokens {
            let answer = try await call(token, function + EVMWord(treasury.address).bytes)
            guard let amount = EVMWord(bytes: answer)?.amount else {
                throw .malformed(method: "eth_call")
            }
            holdings[asset] = amount
        }
        return holdings
    }

    /// Whether a contract takes a signature for its own.
    ///
    /// Source: ERC-1271, `isValidSignature(bytes32,bytes)`. What reverts, or is no contract, does not.
    func contract(
        _ contract: EVMAddress,
        signs digest: [UInt8],
        _ signature: [UInt8],
    ) async throws(RPCFailure) -> Bool {
        let selector = EVMWord(signature: "isValidSignature(bytes32,bytes)").bytes.prefix(4)
        let padding = [UInt8](repeating: 0, count: (32 - signature.count % 32) % 32)
        let length = EVMWord(Amount(Int64(signature.count))).bytes
        let parts = [
            Array(selector), digest, EVMWord(Amount(64)).bytes, length, signature, padding,
        ]
        do throws(RPCFailure) {
            return try await call(contract, parts.flatMap(\.self)).starts(with: selector)
        } catch {
            if case .refused = error { return false }
            throw error
        }
    }

    private static func text(_ number: Int64) -> String {
        EVMHex.text(quantity: UInt64(max(0, number)))
    }

    /// A log of which only the transaction is taken: what it says is read off the receipt.
    private struct Found: Decodable, Sendable {
        let transaction: EVMWord

        private enum CodingKeys: String, CodingKey { case transactionHash }

        init(from decoder: any Decoder) throws {
            let log = try decoder.container(keyedBy: CodingKeys.self)
            transaction = try log.read(.transactionHash) { EVMWord($0) }
        }
    }
}

extension EVMHex {
    /// A quantity that can be a block's number.
    static func blockNumber(_ text: String) -> Int64? {
        quantity(text).flatMap(Int64.init(exactly:)).flatMap {
            NodeNumber.all.contains($0) ? $0 : nil
        }
    }
}
