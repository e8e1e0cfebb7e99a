import ChainFormats

/// What so many nodes tell of one receipt.
package struct EVMAgreement: Hashable, Sendable {
    /// How many tell it alike; 0 where its block is not even in the chain of the node that told it.
    package var agreed: Int
    /// How many tell anything of it, that they do not have it, too.
    package var answered: Int
    /// Which of the others, by their places, could not be reached, or did not answer in time.
    package var silent: Set<Int> = []

    fileprivate mutating func hear(_ word: Word, of place: Int) {
        switch word {
        case .alike:
            agreed += 1
            answered += 1
        case .otherwise: answered += 1
        case .nothing: break
        case .silence: silent.insert(place)
        }
    }

    /// What another node tells of a receipt.
    fileprivate enum Word {
        case alike
        /// That it is otherwise, or that it does not have it.
        case otherwise
        /// It refuses to tell.
        case nothing
        case silence
    }
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
    /// and `others`, which are asked at once and waited for no longer than until `quorum` agree.
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
        guard quorum > 1 else { return EVMAgreement(agreed: 1, answered: 1) }
        return await withTaskGroup { group in
            for (place, other) in others.enumerated() {
                group.addTask { (place, await other.word(on: receipt)) }
            }
            var agreement = EVMAgreement(agreed: 1, answered: 1)
            for await (place, word) in group {
                agreement.hear(word, of: place)
                if agreement.agreed >= quorum { break }
            }
            group.cancelAll()
            return agreement
        }
    }

    private func word(on receipt: EVMReceipt) async -> EVMAgreement.Word {
        do throws(RPCFailure) {
            let told = try await self.receipt(of: receipt.transaction)
            guard let told, told == receipt else { return .otherwise }
            let isThere = try await block(receipt.block)?.hash == receipt.blockHash
            return isThere ? .alike : .otherwise
        } catch {
            switch error {
            case .unreachable, .timedOut: return .silence
            case .status, .refused, .wrongChain: return .nothing
            case .tooLarge, .malformed, .missing, .inconsistent, .disputed, .noQuorum:
                return .otherwise
            }
        }
    }
}
