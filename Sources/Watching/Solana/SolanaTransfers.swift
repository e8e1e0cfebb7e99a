import ChainFormats
import Crypto
import Primitives

/// The instructions that move money, decoded.
///
/// Sources: `spl-token` (instructions 3 and 12), `solana-system-interface` (instructions 2 and 11), the
/// memo programs, and our own program's interface description in `contracts/solana`.
enum SolanaTransfer {
    /// Tokens or lamports that an instruction moves, by its own words.
    struct Movement {
        let source: SolanaKey
        let destination: SolanaKey
        /// Who signed for it: a wallet, or an address of a program.
        let authority: SolanaKey
        let units: UInt64
        /// Accounts behind those that the instruction needs: references, or further signers.
        let more: [SolanaKey]
    }

    /// What an instruction of the token program moves; `nil` for any other instruction.
    static func ofTokens(_ instruction: LandedTransaction.Instruction) -> Movement? {
        guard instruction.program == .token, let data = instruction.data, data.count >= 9,
            let units = data.integer(at: 1)
        else { return nil }
        let accounts = instruction.accounts
        switch data[0] {
        // Transfer: source, destination, authority.
        case 3 where data.count == 9 && accounts.count >= 3:
            return Movement(
                source: accounts[0],
                destination: accounts[1],
                authority: accounts[2],
                units: units,
                more: Array(accounts.dropFirst(3)),
            )
        // TransferChecked: source, mint, destination, authority.
        case 12 where data.count == 10 && accounts.count >= 4:
            return Movement(
                source: accounts[0],
                destination: accounts[2],
                authority: accounts[3],
                units: units,
                more: Array(accounts.dropFirst(4)),
            )
        default: return nil
        }
    }

    /// What an instruction of the system program moves; `nil` for any other instruction.
    static func ofLamports(_ instruction: LandedTransaction.Instruction) -> Movement? {
        guard instruction.program == .system, let data = instruction.data, data.count >= 12,
            let units = data.integer(at: 4)
        else { return nil }
        let accounts = instruction.accounts
        switch Array(data.prefix(4)) {
        // Transfer: from, to.
        case [2, 0, 0, 0] where data.count == 12 && accounts.count >= 2:
            return Movement(
                source: accounts[0],
                destination: accounts[1],
                authority: accounts[0],
                units: units,
                more: Array(accounts.dropFirst(2)),
            )
        // TransferWithSeed: from, base, to.
        case [11, 0, 0, 0] where accounts.count >= 3:
            return Movement(
                source: accounts[0],
                destination: accounts[2],
                authority: accounts[1],
                units: units,
                more: Array(accounts.dropFirst(3)),
            )
        default: return nil
        }
    }

    /// The text of a memo; `nil` for any other instruction, and for what is no text.
    static func memo(_ instruction: LandedTransaction.Instruction) -> String? {
        guard instruction.program == .memo || instruction.program == .memo1,
            let data = instruction.data
        else { return nil }
        return String(validating: data, as: UTF8.self)
    }
}

/// A call of the deposit program: 8 bytes that say which, the code's 16, the amount's 8.
struct DepositInstruction {
    let code: String
    let units: UInt64

    /// - Returns: `nil` for any other instruction.
    init?(_ instruction: LandedTransaction.Instruction, of program: SolanaKey) {
        guard instruction.program == program, let data = instruction.data, data.count == 32,
            [DepositInstruction.deposit, DepositInstruction.depositSOL]
                .contains(Array(data.prefix(8))),
            let units = data.integer(at: 24)
        else { return nil }
        code = Hexadecimal.text(data[8..<24])
        self.units = units
    }

    static let deposit = discriminator("global:deposit")
    static let depositSOL = discriminator("global:deposit_sol")

    /// Anchor's: the first bytes of the digest of what is called.
    private static func discriminator(_ name: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(name.utf8)).prefix(8))
    }
}

extension [UInt8] {
    /// Eight bytes, the lowest first; `nil` where there are fewer.
    func integer(at place: Int) -> UInt64? {
        guard count >= place + 8 else { return nil }
        return self[place..<(place + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
}
