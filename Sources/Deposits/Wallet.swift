/// An address on a chain, spelled in one way: hexadecimal in lower case behind `0x`, or base58.
///
/// One that is said to have sent money was proven by the chain to have signed for it.
package struct Wallet: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// - Returns: `nil` for what is neither 20 bytes of hexadecimal nor 32 bytes of base58.
    package init?(_ description: String) {
        guard let address = ChainText.address(description) else { return nil }
        self.description = address
    }
}
