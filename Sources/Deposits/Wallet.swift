/// An address on a chain, spelled in one way: hexadecimal in lower case behind `0x`, or base58.
///
/// One that is said to have sent money was proven by the chain to have signed for it.
package struct Wallet: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// - Returns: `nil` for what is neither 20 bytes of hexadecimal nor 32 bytes of base58, and, behind
    ///   an `@`, a chain's name.
    package init?(_ description: String) {
        let parts = description.split(separator: "@", omittingEmptySubsequences: false)
        guard let address = ChainText.address(String(parts[0])) else { return nil }
        switch parts.count {
        case 1: self.description = address
        case 2 where DepositID.isChain(String(parts[1])):
            self.description = "\(address)@\(parts[1])"
        default: return nil
        }
    }

    /// Whether it is an address on whichever chain.
    package var isPlain: Bool { !description.utf8.contains(UInt8(ascii: "@")) }

    /// The same address on one chain alone.
    ///
    /// What a contract signs, it signs on its own chain; on another one, somebody else may have put
    /// another contract at its address.
    package func on(_ chain: String) -> Wallet? { Wallet("\(description)@\(chain)") }
}
