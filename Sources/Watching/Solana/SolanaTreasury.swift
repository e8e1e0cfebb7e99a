package import ChainFormats
import Primitives

/// Where deposits arrive on one Solana network.
package struct SolanaTreasury: Hashable, Sendable {
    /// The rail's name in the books.
    package let chain: String
    /// The operator's wallet: SOL arrives on it, tokens on its token account.
    package let wallet: SolanaKey
    /// USDC's mint on this network.
    package let mint: SolanaKey
    /// The deposit program, where one is deployed.
    package let program: SolanaKey?
    /// Where the wallet has its USDC.
    package let tokenAccount: SolanaKey

    package init(chain: String, wallet: SolanaKey, mint: SolanaKey, program: SolanaKey?) {
        self.chain = chain
        self.wallet = wallet
        self.mint = mint
        self.program = program
        tokenAccount = ProgramAddress.tokenAccount(of: wallet, mint: mint)
    }

    /// The addresses whose transactions can hold a deposit.
    package var watched: [SolanaKey] { [tokenAccount, wallet] }
}

/// A deposit code as 32 bytes that a transfer can carry as an account: a reference of Solana Pay.
///
/// A tag and the code itself, so that whoever sees a transfer knows whose it is without asking for
/// every code that there is. Nobody has a secret for it, and nothing needs one.
package enum DepositReference {
    private static let tag = Array("farebox/deposit:".utf8)

    /// - Returns: `nil` for what is no deposit code.
    package static func key(ofCode code: String) -> SolanaKey? {
        guard let bytes = Hexadecimal.bytes(code), bytes.count == 16 else { return nil }
        return SolanaKey(bytes: tag + bytes)
    }

    /// - Returns: `nil` for any other account.
    package static func code(in key: SolanaKey) -> String? {
        guard key.bytes.starts(with: tag) else { return nil }
        return Hexadecimal.text(key.bytes.dropFirst(tag.count))
    }
}
