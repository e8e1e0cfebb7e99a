package import ChainFormats
package import Primitives

/// What whoever sends a transaction asks.
///
/// Source: the execution API's `eth` methods.
extension EVMNode {
    /// How many transactions an address has sent that the chain has; the nonce of its next one.
    package func transactionCount(of address: EVMAddress) async throws(RPCFailure) -> UInt64 {
        try await quantity("eth_getTransactionCount", [.text("\(address)"), .text("latest")])
    }

    /// What a unit of gas costs in the newest block, and what is given on top of it, in the chain's smallest
    /// unit.
    package func fees() async throws(RPCFailure) -> (base: UInt64, priority: UInt64) {
        let newest = try await node.ask(
            "eth_getBlockByNumber",
            [.text("latest"), .bool(false)],
            as: Priced.self,
        )
        return (newest.base, try await quantity("eth_maxPriorityFeePerGas", []))
    }

    /// The gas that a call takes, as things stand.
    ///
    /// - Throws: ``RPCFailure/refused(method:code:_:)`` for one that would fail.
    package func gas(
        from sender: EVMAddress,
        to contract: EVMAddress,
        _ data: [UInt8],
    ) async throws(RPCFailure) -> UInt64 {
        let call: [String: JSONParameter] = [
            "from": .text("\(sender)"), "to": .text("\(contract)"),
            "data": .text(EVMHex.text(data)),
        ]
        return try await quantity("eth_estimateGas", [.object(call)])
    }

    /// Hands a signed transaction over.
    ///
    /// - Throws: ``RPCFailure/refused(method:code:_:)`` where it is not taken, one that is known among them.
    package func send(_ raw: [UInt8]) async throws(RPCFailure) {
        _ = try await node.ask(
            "eth_sendRawTransaction",
            [.text(EVMHex.text(raw))],
            as: String.self,
        )
    }

    private func quantity(
        _ method: String,
        _ parameters: [JSONParameter],
    ) async throws(RPCFailure) -> UInt64 {
        let text = try await node.ask(method, parameters, as: String.self)
        guard let number = EVMHex.quantity(text) else { throw .malformed(method: method) }
        return number
    }

    private struct Priced: Decodable, Sendable {
        let base: UInt64

        private enum CodingKeys: String, CodingKey { case baseFeePerGas }

        init(from decoder: any Decoder) throws {
            let block = try decoder.container(keyedBy: CodingKeys.self)
            base = try block.read(.baseFeePerGas) { EVMHex.quantity($0) }
        }
    }
}

extension EVMReceipt {
    /// What a treasury sent of one token: to somebody, and in all.
    ///
    /// Source: ERC-20's `Transfer`.
    package func sent(
        _ token: EVMAddress,
        from treasury: EVMAddress,
        to recipient: EVMAddress,
    ) -> (there: Amount, inAll: Amount)? {
        var (there, inAll) = (Amount.zero, Amount.zero)
        for log in logs where log.address == token && log.topics.count == 3 {
            guard log.topics[0] == EVMDeposits.transfer, log.topics[1].address == treasury,
                !log.wasRemoved
            else { continue }
            guard let amount = EVMWord(bytes: log.data)?.amount, let sum = inAll.adding(amount)
            else { return nil }
            inAll = sum
            if log.topics[2].address == recipient { there = there.adding(amount) ?? sum }
        }
        return (there, inAll)
    }
}
