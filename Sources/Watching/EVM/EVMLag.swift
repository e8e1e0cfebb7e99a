/// How far the last final block of an EVM chain is behind where the chain is read on.
package struct EVMLag: Hashable, Sendable {
    package let blocks: Int64
    /// Whether nothing is read until it has caught up.
    package let stopsReading: Bool

    package init(blocks: Int64, stopsReading: Bool) {
        self.blocks = blocks
        self.stopsReading = stopsReading
    }
}

extension EVMLag {
    /// Chains are read on at a block, some blocks before which are read again.
    init(of final: Int64, behind next: Int64, blocksAgain: Int64) {
        self.init(blocks: max(0, next - 1 - final), stopsReading: next - blocksAgain > final)
    }
}
