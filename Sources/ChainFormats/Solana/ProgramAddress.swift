import Crypto

/// Addresses that a program owns: made of seeds, and no point of the curve.
///
/// Source: `Pubkey::find_program_address` of Solana's SDK.
package enum ProgramAddress {
    /// The first address that is none of the curve's points, with the seed that was put behind to come
    /// to it, from 255 downwards.
    ///
    /// - Precondition: at most fifteen seeds of at most 32 bytes, as the chain takes them.
    package static func find(
        _ seeds: [[UInt8]],
        of program: SolanaKey,
    ) -> (address: SolanaKey, bump: UInt8) {
        precondition(seeds.count < 16 && seeds.allSatisfy { $0.count <= 32 }, "seeds too long")
        for bump in (0...UInt8.max).reversed() {
            var hash = SHA256()
            for seed in seeds { hash.update(data: seed) }
            hash.update(data: [bump])
            hash.update(data: program.bytes)
            hash.update(data: Array("ProgramDerivedAddress".utf8))
            let digest = Array(hash.finalize())
            if !EdwardsCurve.isPoint(digest), let address = SolanaKey(bytes: digest) {
                return (address, bump)
            }
        }
        preconditionFailure("256 digests in a row were points of the curve")
    }

    /// The account in which `owner` has tokens of `mint`, by convention.
    package static func tokenAccount(
        of owner: SolanaKey,
        mint: SolanaKey,
        program: SolanaKey = .token,
    ) -> SolanaKey {
        find([owner.bytes, program.bytes, mint.bytes], of: .associatedToken).address
    }
}

extension SolanaKey {
    private static func wellKnown(_ text: StaticString) -> SolanaKey {
        guard let key = SolanaKey("\(text)") else { preconditionFailure("\(text) is no key") }
        return key
    }

    package static let system = wellKnown("11111111111111111111111111111111")
    package static let token = wellKnown("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
    package static let token2022 = wellKnown("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
    package static let associatedToken = wellKnown(
        "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
    )
    package static let memo = wellKnown("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
    package static let memo1 = wellKnown("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")
    package static let computeBudget = wellKnown("ComputeBudget111111111111111111111111111111")
}
