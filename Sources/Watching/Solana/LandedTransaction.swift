package import ChainFormats

/// A transaction as a block holds it, and what it did: what a node answers to `getTransaction`.
///
/// Its logs are left out: any program can write any line there, and nodes cut them off.
package struct LandedTransaction: Sendable {
    /// An instruction that ran, with its accounts by name.
    package struct Instruction: Sendable {
        package let program: SolanaKey
        package let accounts: [SolanaKey]
        /// `nil` for more than 256 bytes, which none that moves money to us has.
        package let data: [UInt8]?
    }

    /// One instruction of the message and those that it called, in the order in which they ran.
    package struct Call: Sendable {
        package let instruction: Instruction
        package let inner: [Instruction]
    }

    /// How much of a token an account had; an account that was made or closed had none.
    package struct TokenBalance: Sendable {
        package let mint: SolanaKey
        package let amount: UInt64
    }

    /// What an account had before and after.
    package struct Change: Sendable {
        package let lamportsBefore: UInt64
        package let lamportsAfter: UInt64
        package let tokensBefore: TokenBalance?
        package let tokensAfter: TokenBalance?
    }

    package let signature: SolanaSignature
    package let slot: Int64
    package let hasFailed: Bool
    package let payer: SolanaKey
    package let fee: UInt64
    package let signers: Set<SolanaKey>
    package let calls: [Call]
    /// Of every account that the transaction names.
    package let changes: [SolanaKey: Change]
}
