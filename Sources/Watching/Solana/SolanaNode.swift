package import ChainFormats
import FoundationEssentials
import Primitives

/// How sure a node is of what it answers.
package enum SolanaCommitment: String, Sendable {
    case confirmed
    case finalized
}

/// The questions that are asked of a Solana node.
///
/// Source: the RPC's documents.
package struct SolanaNode<Node: JSONRPC>: Sendable {
    /// A transaction as an address's history lists it.
    package struct Listed: Decodable, Sendable {
        package let signature: String
        package let slot: Int64
        let err: JSONPresence

        package var hasFailed: Bool { !err.isNull }

        /// Whether it can be one.
        var isSound: Bool { NodeNumber.all.contains(slot) && SolanaSignature(signature) != nil }
    }

    private struct Block: Decodable, Sendable { let blockhash: String }
    private struct Statuses: Decodable, Sendable {
        struct Status: Decodable, Sendable { let slot: Int64 }
        let value: [Status?]
    }

    struct Valued<Value: Decodable & Sendable>: Decodable, Sendable { let value: Value }
    private struct Account: Decodable, Sendable {
        let data: [String]

        /// The token program keeps an account's amount behind its mint and its owner.
        var tokens: Int64? {
            data.first.flatMap { Data(base64Encoded: $0) }.map(Array.init)?.integer(at: 64)
                .flatMap(Int64.init(exactly:))
        }
    }

    let node: Node

    package init(_ node: Node) { self.node = node }

    package func requireGenesis(_ hash: String) async throws(RPCFailure) {
        let found = try await node.ask("getGenesisHash", [], as: String.self)
        guard found == hash else {
            throw .wrongChain(expected: hash, found: String(found.prefix(60)))
        }
    }

    /// An address's transactions, the newest first, at most a thousand.
    package func history(
        of address: SolanaKey,
        before: String?,
        until: String?,
        _ commitment: SolanaCommitment,
    ) async throws(RPCFailure) -> [Listed] {
        var options: [String: JSONParameter] = [
            "commitment": .text(commitment.rawValue), "limit": .number(1000),
        ]
        if let before { options["before"] = .text(before) }
        if let until { options["until"] = .text(until) }
        let method = "getSignaturesForAddress"
        let parameters = [.text("\(address)"), JSONParameter.object(options)]
        let listed = try await node.ask(method, parameters, as: [Listed].self)
        guard listed.count <= 1000, listed.allSatisfy(\.isSound) else {
            throw .malformed(method: method)
        }
        return listed
    }

    package func transaction(
        _ signature: String,
        _ commitment: SolanaCommitment,
    ) async throws(RPCFailure) -> LandedTransaction? {
        let options: [String: JSONParameter] = [
            "commitment": .text(commitment.rawValue), "encoding": .text("base64"),
            "maxSupportedTransactionVersion": .number(0),
        ]
        let landed = try await node.call(
            "getTransaction",
            [.text(signature), .object(options)],
            as: LandedTransaction.self,
        )
        guard landed.map({ "\($0.signature)" == signature }) ?? true else {
            throw .inconsistent("\(signature) is another transaction")
        }
        return landed
    }

    package func blockhash(
        of slot: Int64,
        _ commitment: SolanaCommitment,
    ) async throws(RPCFailure) -> String {
        let options: [String: JSONParameter] = [
            "commitment": .text(commitment.rawValue), "transactionDetails": .text("none"),
            "rewards": .bool(false), "maxSupportedTransactionVersion": .number(0),
        ]
        return try await node.ask("getBlock", [.number(slot), .object(options)], as: Block.self)
            .blockhash
    }

    package func slot(_ commitment: SolanaCommitment) async throws(RPCFailure) -> Int64 {
        let options: [String: JSONParameter] = ["commitment": .text(commitment.rawValue)]
        return try await number("getSlot", [.object(options)])
    }

    /// A number that is told as it is.
    func number(
        _ method: String,
        _ parameters: [JSONParameter],
    ) async throws(RPCFailure) -> Int64 {
        let number = try await node.ask(method, parameters, as: Int64.self)
        guard NodeNumber.all.contains(number) else { throw .malformed(method: method) }
        return number
    }

    /// In which slots transactions landed, as far as the node knows them.
    package func slots(of signatures: [String]) async throws(RPCFailure) -> [Int64?] {
        let options: [String: JSONParameter] = ["searchTransactionHistory": .bool(true)]
        let statuses = try await node.ask(
            "getSignatureStatuses",
            [.list(signatures.map { .text($0) }), .object(options)],
            as: Statuses.self,
        )
        guard statuses.value.count == signatures.count else {
            throw .malformed(method: "getSignatureStatuses")
        }
        return statuses.value.map { $0?.slot }
    }

    /// What a treasury has, as far as it is final.
    func holdings(of treasury: SolanaTreasury) async throws(RPCFailure) -> [Asset: Amount] {
        let options: [String: JSONParameter] = [
            "commitment": .text(SolanaCommitment.finalized.rawValue), "encoding": .text("base64"),
        ]
        let lamports = try await node.ask(
            "getBalance",
            [.text("\(treasury.wallet)"), .object(options)],
            as: Valued<Int64>.self,
        ).value
        guard NodeNumber.all.contains(lamports) else { throw .malformed(method: "getBalance") }
        // There is no account before the first deposit.
        let account = try await node.ask(
            "getAccountInfo",
            [.text("\(treasury.tokenAccount)"), .object(options)],
            as: Valued<Account?>.self,
        ).value
        guard let tokens = account.map(\.tokens) ?? 0 else {
            throw .malformed(method: "getAccountInfo")
        }
        return [.sol: Amount(lamports), .usdc: Amount(tokens)]
    }
}
