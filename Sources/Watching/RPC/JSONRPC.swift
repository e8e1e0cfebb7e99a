package import Primitives

/// Something that answers JSON-RPC 2.0: a node of a chain.
package protocol JSONRPC: Sendable {
    /// Asks one question.
    ///
    /// - Returns: the result; `nil` where it is `null`.
    /// - Throws: ``RPCFailure``.
    func call<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [JSONParameter],
        as result: Result.Type,
    ) async throws(RPCFailure) -> Result?
}

extension JSONRPC {
    /// Asks one question to which `null` is no answer.
    ///
    /// - Throws: ``RPCFailure``.
    func ask<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [JSONParameter],
        as result: Result.Type,
    ) async throws(RPCFailure) -> Result {
        guard let answer = try await call(method, parameters, as: result) else {
            throw .malformed(method: method)
        }
        return answer
    }
}

/// Why a question to a node has no answer; it can be asked again.
///
/// It names no address: that of a node may hold a secret.
package enum RPCFailure: Failure, Hashable {
    case unreachable
    case timedOut
    case status(Int)
    /// More bytes than an answer may have.
    case tooLarge
    /// No JSON-RPC, or not what the method answers.
    case malformed(method: String)
    /// The node's own refusal.
    case refused(method: String, code: Int, String)
    /// The node is of another chain.
    case wrongChain(expected: String, found: String)
    /// The node does not have what another one lists, or itself.
    case missing(String)
    /// The node contradicts itself, or others: a block that is not there, a receipt of another one.
    case inconsistent(String)
    /// As many nodes answer as a quorum takes, and too few of them alike.
    case disputed(String)
    /// Fewer nodes answer than a quorum takes.
    case noQuorum(String)

    package var code: String {
        switch self {
        case .unreachable: "node_unreachable"
        case .timedOut: "node_timed_out"
        case .status: "node_status"
        case .tooLarge: "node_answer_too_large"
        case .malformed: "node_answer_malformed"
        case .refused: "node_refused"
        case .wrongChain: "node_of_another_chain"
        case .missing: "node_lacks_transaction"
        case .inconsistent: "node_inconsistent"
        case .disputed: "nodes_disagree"
        case .noQuorum: "node_quorum_missing"
        }
    }

    package var kind: FailureKind { .badUpstream }

    package var message: String {
        switch self {
        case .unreachable: "The chain's node can not be reached."
        case .timedOut: "The chain's node did not answer in time."
        case .status(let status): "The chain's node answered with status \(status)."
        case .tooLarge: "The chain's node answered more than is read."
        case .malformed(let method): "The chain's node answered \(method) with something else."
        // The node's own words may name its operator's account there.
        case .refused(let method, let code, _): "The chain's node refused \(method): \(code)."
        case .wrongChain(let expected, let found):
            "The node is of chain \(found), and the deposits are on \(expected)."
        case .missing(let transaction): "The chain's node does not have \(transaction)."
        case .inconsistent(let sentence): "The chain's node contradicts itself: \(sentence)"
        case .disputed(let sentence): "The chain's nodes contradict each other: \(sentence)"
        case .noQuorum(let sentence): "Too few of the chain's nodes answer: \(sentence)"
        }
    }
}

extension RPCFailure {
    /// Whether it may be of the one thing that was asked for: another may well be read.
    ///
    /// Codes of refusals are those of Solana's nodes. An EVM chain's node may refuse one receipt, with whatever
    /// code, and one must not stop the others.
    var isOfOneThing: Bool {
        switch self {
        case .unreachable, .timedOut, .status, .wrongChain: false
        case .tooLarge, .malformed, .missing, .inconsistent, .disputed, .noQuorum: true
        case .refused("getTransaction", let code, _): code == RPCFailure.unknownVersion
        case .refused("getBlock", let code, _): RPCFailure.blockIsMissing.contains(code)
        case .refused("eth_getTransactionReceipt", _, _): true
        case .refused: false
        }
    }

    /// Whether a question for less may be answered: nodes refuse what is too much at once.
    var mayBeTooMuch: Bool {
        switch self {
        case .tooLarge, .refused: true
        case .unreachable, .timedOut, .status, .malformed, .wrongChain, .missing, .inconsistent,
            .disputed, .noQuorum:
            false
        }
    }

    /// Whether it may pass by itself: the node has not got there yet.
    var mayPass: Bool {
        switch self {
        case .unreachable, .timedOut, .status, .wrongChain, .missing, .inconsistent, .disputed,
            .noQuorum:
            true
        case .tooLarge, .malformed: false
        case .refused(_, let code, _): code != RPCFailure.unknownVersion
        }
    }

    /// Whether what a node lists itself may be read on behind the one thing that ended so: waiting for it
    /// alone would not help, or would let any node that contradicts the others stop them all.
    var mayBeLeftBehind: Bool {
        if case .disputed = self { true } else { isOfOneThing && !mayPass }
    }

    /// Whether it is of one transaction alone, for which the others need not wait: not where nodes are too few.
    var isOfOneTransaction: Bool {
        if case .noQuorum = self { false } else { isOfOneThing }
    }

    /// The transaction's version is not among those that were asked for.
    private static let unknownVersion = -32_015
    /// It was cleaned up, is not available yet, was skipped, or is not in the node's storage.
    private static let blockIsMissing: Set = [-32_001, -32_004, -32_007, -32_009]
}

/// A parameter of a question.
package enum JSONParameter: Sendable, Hashable, Encodable {
    case null
    case bool(Bool)
    case number(Int64)
    case text(String)
    case list([JSONParameter])
    case object([String: JSONParameter])

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        }
    }
}
