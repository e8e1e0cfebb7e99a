import ChainFormats
import FoundationEssentials

/// A node's answer to `getTransaction` with `encoding: base64`.
///
/// Source: the RPC's documents, "getTransaction" and "Transaction structures". What is not there, or
/// says what cannot be, makes the whole answer unreadable: a half-read transaction credits nothing.
extension LandedTransaction: Decodable {
    package init(from decoder: any Decoder) throws {
        let answer = try Answer(from: decoder)
        guard answer.transaction.count == 2, answer.transaction[1] == "base64",
            let bytes = Data(base64Encoded: answer.transaction[0]),
            let transaction = SolanaTransaction([UInt8](bytes)),
            let signature = transaction.signatures.first
        else { throw Unreadable("the transaction") }
        guard NodeNumber.all.contains(answer.slot) else { throw Unreadable("its slot") }
        let keys = try answer.meta.keys(of: transaction.message)
        self.init(
            signature: signature,
            slot: answer.slot,
            hasFailed: !answer.meta.err.isNull,
            payer: keys[0],
            fee: answer.meta.fee,
            signers: Set(keys.prefix(transaction.message.signers)),
            calls: try answer.meta.calls(of: transaction.message, keys),
            changes: try answer.meta.changes(of: keys),
        )
    }

    /// What of an answer could not be read.
    struct Unreadable: Error {
        let part: String
        init(_ part: String) { self.part = part }
    }
}

private struct Answer: Decodable {
    let slot: Int64
    let transaction: [String]
    let meta: Meta
}

private struct Meta: Decodable {
    struct Inner: Decodable {
        let index: Int
        let instructions: [Compiled]
    }

    struct Compiled: Decodable {
        let programIdIndex: Int
        let accounts: [Int]
        let data: String
    }

    struct TokenBalance: Decodable {
        struct UIAmount: Decodable { let amount: String }

        let accountIndex: Int
        let mint: String
        let uiTokenAmount: UIAmount
    }

    struct Loaded: Decodable {
        let writable: [String]
        let readonly: [String]
    }

    let err: JSONPresence
    let fee: UInt64
    let preBalances: [UInt64]
    let postBalances: [UInt64]
    let preTokenBalances: [TokenBalance]?
    let postTokenBalances: [TokenBalance]?
    let innerInstructions: [Inner]?
    let loadedAddresses: Loaded?
}

/// Whether there is anything at all.
struct JSONPresence: Decodable, Sendable {
    let isNull: Bool

    init(from decoder: any Decoder) throws {
        isNull = try decoder.singleValueContainer().decodeNil()
    }
}

extension Meta {
    /// The accounts in their places: the message's own, then those that the node took from tables.
    func keys(of message: SolanaMessage) throws -> [SolanaKey] {
        let loaded = (loadedAddresses?.writable ?? []) + (loadedAddresses?.readonly ?? [])
        let keys = message.keys + loaded.compactMap { SolanaKey($0) }
        guard keys.count == message.accountCount, preBalances.count == keys.count,
            postBalances.count == keys.count
        else { throw LandedTransaction.Unreadable("its accounts") }
        return keys
    }

    func calls(
        of message: SolanaMessage,
        _ keys: [SolanaKey],
    ) throws -> [LandedTransaction.Call] {
        // Without them nobody can tell what an instruction called.
        guard let innerInstructions else { throw LandedTransaction.Unreadable("what it called") }
        let inner = Dictionary(grouping: innerInstructions, by: \.index)
        return try message.instructions.enumerated().map { index, compiled in
            LandedTransaction.Call(
                instruction: LandedTransaction.Instruction(
                    program: keys[compiled.program],
                    accounts: compiled.accounts.map { keys[$0] },
                    data: compiled.data.count <= 256 ? compiled.data : nil,
                ),
                inner: try (inner[index] ?? []).flatMap(\.instructions).map { inner in
                    let places = [inner.programIdIndex] + inner.accounts
                    guard places.allSatisfy(keys.indices.contains) else {
                        throw LandedTransaction.Unreadable("a place")
                    }
                    return LandedTransaction.Instruction(
                        program: keys[inner.programIdIndex],
                        accounts: inner.accounts.map { keys[$0] },
                        data: Base58.bytes(inner.data),
                    )
                },
            )
        }
    }

    func changes(of keys: [SolanaKey]) throws -> [SolanaKey: LandedTransaction.Change] {
        let before = try tokens(preTokenBalances)
        let after = try tokens(postTokenBalances)
        var changes: [SolanaKey: LandedTransaction.Change] = [:]
        for (place, key) in keys.enumerated() {
            changes[key] = LandedTransaction.Change(
                lamportsBefore: preBalances[place],
                lamportsAfter: postBalances[place],
                tokensBefore: before[place],
                tokensAfter: after[place],
            )
        }
        return changes
    }

    private func tokens(
        _ balances: [TokenBalance]?
    ) throws -> [Int: LandedTransaction.TokenBalance] {
        var found: [Int: LandedTransaction.TokenBalance] = [:]
        for balance in balances ?? [] {
            guard let mint = SolanaKey(balance.mint),
                let amount = UInt64(balance.uiTokenAmount.amount)
            else { throw LandedTransaction.Unreadable("a token's balance") }
            found[balance.accountIndex] = .init(mint: mint, amount: amount)
        }
        return found
    }
}
