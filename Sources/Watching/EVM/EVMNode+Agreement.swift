import ChainFormats

/// What so many nodes tell of one receipt.
package struct EVMAgreement: Hashable, Sendable {
    /// How many tell it alike; 0 where its block is not even in the chain of the node that told it.
    package var agreed: Int
    /// How many tell anything of it, that they do not have it, too.
    package var answered: Int
}

extension EVMNode {
    /// Those of some nodes that answer, and are of a chain.
    package static func all(_ nodes: [EVMNode], of chain: UInt64) async -> [EVMNode] {
        var nodes = nodes
        await nodes.ask { try await $0.requireChain(chain) }
        return nodes
    }

    /// The last block that so many nodes call final: this one, and enough of `others`, which are of its chain.
    ///
    /// With more than one it is the highest for which as many nodes stand as `quorum` takes, and none that
    /// this one does not call final itself.
    ///
    /// - Throws: ``RPCFailure/noQuorum(_:)`` where fewer than that answer; ``RPCFailure`` where this one
    ///   does not.
    package func lastFinal(
        _ finality: EVMFinality,
        with others: [EVMNode],
        by quorum: Int,
    ) async throws(RPCFailure) -> Int64 {
        let own = try await lastFinal(finality)
        guard quorum > 1 else { return own }
        var others = others
        let told = [own] + (await others.ask { try await $0.lastFinal(finality) })
        guard told.count >= quorum else {
            throw .noQuorum("\(told.count) of \(quorum) nodes tell what is final")
        }
        return min(own, told.sorted(by: >)[quorum - 1])
    }

    /// How many nodes tell a receipt as this one told it, in a block that stands in their chain: this one,
    /// and of `others` no more than `quorum` takes.
    ///
    /// A block's hash says nothing of what a node claims to be in it, so the receipt's content counts. One that
    /// can not be asked, or refuses, neither agrees nor answers.
    package func agreement(
        on receipt: EVMReceipt,
        with others: [EVMNode],
        upTo quorum: Int,
    ) async throws(RPCFailure) -> EVMAgreement {
        guard try await block(receipt.block)?.hash == receipt.blockHash else {
            return EVMAgreement(agreed: 0, answered: 1)
        }
        var agreement = EVMAgreement(agreed: 1, answered: 1)
        for other in others where agreement.agreed < quorum {
            guard let agrees = await other.tells(receipt) else { continue }
            agreement.answered += 1
            if agrees { agreement.agreed += 1 }
        }
        return agreement
    }

    /// Whether it tells a receipt so, too; `nil` where it can not be asked, or refuses to answer.
    private func tells(_ receipt: EVMReceipt) async -> Bool? {
        do throws(RPCFailure) {
            let told = try await self.receipt(of: receipt.transaction)
            guard let told, told == receipt else { return false }
            return try await block(receipt.block)?.hash == receipt.blockHash
        } catch {
            if case .refused = error { return nil }
            return error.isOfOneThing ? false : nil
        }
    }
}
