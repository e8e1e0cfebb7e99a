package import ChainFormats

/// What a node says of a transaction that a block holds: the answer to `eth_getTransactionReceipt`.
package struct EVMReceipt: Hashable, Sendable, Decodable {
    package struct Log: Hashable, Sendable, Decodable {
        package let address: EVMAddress
        package let topics: [EVMWord]
        package let data: [UInt8]
        package let wasRemoved: Bool
    }

    package let transaction: EVMWord
    package let block: Int64
    package let blockHash: EVMWord
    package let hasSucceeded: Bool
    package let logs: [Log]
}

extension EVMReceipt {
    private enum CodingKeys: String, CodingKey {
        case transactionHash, blockNumber, blockHash, status, logs
    }

    package init(from decoder: any Decoder) throws {
        let answer = try decoder.container(keyedBy: CodingKeys.self)
        transaction = try answer.read(.transactionHash) { EVMWord($0) }
        block = try answer.read(.blockNumber) { EVMHex.blockNumber($0) }
        blockHash = try answer.read(.blockHash) { EVMWord($0) }
        hasSucceeded = try answer.read(.status) { EVMHex.quantity($0) } == 1
        logs = try answer.decode([Log].self, forKey: .logs)
    }
}

extension EVMReceipt.Log {
    private enum CodingKeys: String, CodingKey {
        case address, topics, data, removed
    }

    package init(from decoder: any Decoder) throws {
        let log = try decoder.container(keyedBy: CodingKeys.self)
        address = try log.read(.address) { EVMAddress($0) }
        topics = try log.decode([String].self, forKey: .topics).map { text in
            guard let topic = EVMWord(text) else {
                throw log.unreadable(.topics)
            }
            return topic
        }
        data = try log.read(.data) { EVMHex.bytes($0) }
        wasRemoved = try log.decodeIfPresent(Bool.self, forKey: .removed) ?? false
    }
}

extension KeyedDecodingContainer {
    /// A text that means something else.
    func read<Value>(_ key: Key, _ meaning: (String) -> Value?) throws -> Value {
        guard let value = meaning(try decode(String.self, forKey: key)) else {
            throw unreadable(key)
        }
        return value
    }

    func unreadable(_ key: Key) -> DecodingError {
        .dataCorruptedError(forKey: key, in: self, debugDescription: "it is not what it should be")
    }
}
