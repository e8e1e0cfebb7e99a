import ChainFormats

extension EVMNode {
    /// How many nodes tell a receipt as this one told it, in a block that stands in their chain: this one,
    /// and of `others` no more than `quorum` takes; 0 where the block is not even in this one's.
    ///
    /// A block's hash says nothing of what a node claims to be in it, so the receipt's content counts. One that
    /// can not be asked does not agree.
    package func agreement(
        on receipt: EVMReceipt,
        with others: [EVMNode],
        upTo quorum: Int,
    ) async throws(RPCFailure) -> Int {
        guard try await block(receipt.block)?.hash == receipt.blockHash else { return 0 }
        var agreed = 1
        for other in others where agreed < quorum {
            if await other.tells(receipt) { agreed += 1 }
        }
        return agreed
    }

    private func tells(_ receipt: EVMReceipt) async -> Bool {
        let told = try? await self.receipt(of: receipt.transaction)
        guard let told, told == receipt else { return false }
        let block = try? await block(receipt.block)
        return block?.hash == receipt.blockHash
    }
}
