package import ChainFormats
import FoundationEssentials
package import Primitives

/// What whoever sends a transaction asks.
///
/// Source: the RPC's documents.
extension SolanaNode {
    /// What a signature came to, as far as a node knows.
    package enum Landing: Hashable, Sendable {
        /// It is in no block that the node knows, up to `slot`.
        case unknown(asOf: Int64)
        case pending
        case finalized(hasFailed: Bool)
    }

    /// A blockhash that the network takes, and the last height of a block with which it does.
    package func latestBlockhash() async throws(RPCFailure) -> (hash: SolanaKey, lastHeight: Int64)
    {
        let options: [String: JSONParameter] = [
            "commitment": .text(SolanaCommitment.finalized.rawValue)
        ]
        let latest = try await node.ask(
            "getLatestBlockhash",
            [.object(options)],
            as: Valued<Latest>.self,
        ).value
        // Blockhashes are good for some 150 blocks; a node that says otherwise is not believed.
        let height = try await number("getBlockHeight", [.object(options)])
        guard let hash = SolanaKey(latest.blockhash),
            (height...(height + 1000)).contains(latest.lastValidBlockHeight)
        else { throw .malformed(method: "getLatestBlockhash") }
        return (hash, latest.lastValidBlockHeight)
    }

    /// The height of the last final block, and its slot.
    package func finalHeight() async throws(RPCFailure) -> (height: Int64, slot: Int64) {
        let options: [String: JSONParameter] = [
            "commitment": .text(SolanaCommitment.finalized.rawValue)
        ]
        let slot = try await slot(.finalized)
        return (try await number("getBlockHeight", [.object(options)]), slot)
    }

    /// Whether the node has everything that landed since a moment: its first block is older.
    package func hasHistory(since moment: Timestamp) async throws(RPCFailure) -> Bool {
        let first = try await number("getFirstAvailableBlock", [])
        let seconds = try await node.ask("getBlockTime", [.number(first)], as: Int64.self)
        return seconds < moment.microseconds / 1_000_000
    }

    package func landing(of signature: String) async throws(RPCFailure) -> Landing {
        let options: [String: JSONParameter] = ["searchTransactionHistory": .bool(true)]
        let answer = try await node.ask(
            "getSignatureStatuses",
            [.list([.text(signature)]), .object(options)],
            as: Placed<[Status?]>.self,
        )
        guard answer.value.count == 1 else { throw .malformed(method: "getSignatureStatuses") }
        guard let status = answer.value[0] else { return .unknown(asOf: answer.context.slot) }
        let isFinal = status.confirmationStatus == SolanaCommitment.finalized.rawValue
        return isFinal ? .finalized(hasFailed: !status.err.isNull) : .pending
    }

    /// What would become of a transaction now.
    ///
    /// - Throws: ``RPCFailure/refused(method:code:_:)`` for one that would fail.
    package func simulate(_ raw: [UInt8]) async throws(RPCFailure) {
        let options: [String: JSONParameter] = [
            "encoding": .text("base64"), "sigVerify": .bool(true),
            "commitment": .text(SolanaCommitment.confirmed.rawValue),
        ]
        let method = "simulateTransaction"
        let outcome = try await node.ask(
            method,
            [.text(Data(raw).base64EncodedString()), .object(options)],
            as: Valued<Simulated>.self,
        ).value
        guard outcome.err.isNull else {
            throw .refused(method: method, code: 0, "the transaction would fail")
        }
    }

    /// Hands a signed transaction over, unseen: it was simulated before.
    ///
    /// - Throws: ``RPCFailure/refused(method:code:_:)`` where it is not taken.
    package func send(_ raw: [UInt8]) async throws(RPCFailure) {
        let options: [String: JSONParameter] = [
            "encoding": .text("base64"), "skipPreflight": .bool(true),
        ]
        _ = try await node.ask(
            "sendTransaction",
            [.text(Data(raw).base64EncodedString()), .object(options)],
            as: String.self,
        )
    }

    private struct Latest: Decodable, Sendable {
        let blockhash: String
        let lastValidBlockHeight: Int64
    }

    private struct Placed<Value: Decodable & Sendable>: Decodable, Sendable {
        struct Context: Decodable, Sendable { let slot: Int64 }
        let context: Context
        let value: Value
    }

    private struct Status: Decodable, Sendable {
        let err: JSONPresence
        let confirmationStatus: String?
    }

    private struct Simulated: Decodable, Sendable { let err: JSONPresence }
}
