/// Something that is counted: each asset has its own accounts, its own integer unit and its own books.
package enum Asset: String, CaseIterable, Hashable, Sendable, Codable {
    /// USDC on any chain, in micro-USD.
    case usdc
    /// Card purchases and grants, in micro-USD.
    case usd
    /// PathUSD on Tempo, in micro-USD.
    case pathusd
    /// SOL, in lamports (1e-9 SOL).
    case sol

    /// How many decimal places the smallest unit stands for.
    package var decimals: Int {
        switch self {
        case .usdc, .usd, .pathusd: 6
        case .sol: 9
        }
    }

    /// The assets that are worth one US dollar a unit, in the order in which they are spent.
    package static let dollars: [Asset] = [.usdc, .usd, .pathusd]
}
