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

    /// By the case; a type with a raw value is hashed by that, a text, where it does not say otherwise.
    package func hash(into hasher: inout Hasher) {
        switch self {
        case .usdc: hasher.combine(UInt8(0))
        case .usd: hasher.combine(UInt8(1))
        case .pathusd: hasher.combine(UInt8(2))
        case .sol: hasher.combine(UInt8(3))
        }
    }

    /// Whether a million units are worth one US dollar.
    package var isDollar: Bool {
        switch self {
        case .usdc, .usd, .pathusd: true
        case .sol: false
        }
    }

    /// The dollars in the order in which they are spent, which is that of the cases.
    package static let dollars: [Asset] = allCases.filter(\.isDollar)

    /// The dollars, and then what is spent where they do not suffice.
    package static let inSpendingOrder: [Asset] = dollars + [.sol]
}
