import FoundationEssentials
import Primitives

/// What is known of a chain by its name; the operator's settings come first.
///
/// Sources: the chains' own documents; USDC's addresses are Circle's.
struct ChainPreset: Sendable {
    enum Kind: Sendable {
        /// Everything that a chain that we know nothing of has to be told.
        case evm(EVM)
        case solana(Solana)
    }

    struct EVM: Sendable {
        var chainID: String?
        var token: String?
        var asset: Asset?
    }

    struct Solana: Sendable {
        /// USDC's mint.
        let mint: String
        /// What names the network.
        let genesis: String
        /// Where Helius answers for it.
        let heliusHost: String
    }

    /// The rail's name in the books, and in `FAREBOX_CHAINS`.
    let name: String
    let kind: Kind
    var nodeURL: String?
    /// Whether its money is worth nothing.
    var isTestnet = false

    private static let pathUSD = "0x20c0000000000000000000000000000000000000"

    static let all = [
        ChainPreset(
            name: "tempo",
            kind: .evm(EVM(chainID: "4217", token: pathUSD, asset: .pathusd)),
            nodeURL: "https://rpc.tempo.xyz",
        ),
        ChainPreset(
            name: "tempo-testnet",
            kind: .evm(EVM(chainID: "42431", token: pathUSD, asset: .pathusd)),
            nodeURL: "https://rpc.moderato.tempo.xyz",
            isTestnet: true,
        ),
        ChainPreset(
            name: "base",
            kind: .evm(
                EVM(
                    chainID: "8453",
                    token: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
                    asset: .usdc,
                )
            ),
        ),
        ChainPreset(
            name: "base-sepolia",
            kind: .evm(
                EVM(
                    chainID: "84532",
                    token: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
                    asset: .usdc,
                )
            ),
            isTestnet: true,
        ),
        ChainPreset(
            name: "solana",
            kind: .solana(
                Solana(
                    mint: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
                    genesis: "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
                    heliusHost: "mainnet.helius-rpc.com",
                )
            ),
        ),
        ChainPreset(
            name: "solana-devnet",
            kind: .solana(
                Solana(
                    mint: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU",
                    genesis: "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
                    heliusHost: "devnet.helius-rpc.com",
                )
            ),
            isTestnet: true,
        ),
    ]

    /// The names of those that are known, for people.
    static var list: String { all.map(\.name).joined(separator: ", ") }

    /// Whether more is known of it than its name.
    var isKnown: Bool { ChainPreset.all.contains { $0.name == name } }

    /// The chain of this name: one that is known, or an EVM chain of which everything is told.
    static func named(_ name: String) -> ChainPreset {
        all.first { $0.name == name } ?? ChainPreset(name: name, kind: .evm(EVM()))
    }

    /// What of an environment is about the chains that it names, or seems to be.
    static func environment(_ environment: [String: String]) -> [String: String] {
        let names = (environment[SettingKey.chains.variable] ?? "").names
        let presets = names.filter(\.isChainName).map(named)
        let keys =
            presets.flatMap(\.settings) + [
                SettingKey.chains, .depositSeconds, .solRate, .unprovenPayers, .withdrawalLimit,
                .withdrawalMinimum, .withdrawalCoolDown,
            ] + SettingKey.solRateSource
        let variables = Set(keys.map(\.variable))
        let prefixes = presets.flatMap(\.prefixes)
        return environment.filter { variable, _ in
            variables.contains(variable) || prefixes.contains(where: variable.hasPrefix)
        }
    }

    /// What the variables of its own settings begin with, and no other setting: `BASE_SEPOLIA_`.
    var prefixes: [String] {
        let own = setting(.treasury).variable.dropLast(Setting.treasury.rawValue.utf8.count)
        return switch kind {
        case .evm: [String(own)]
        case .solana: [String(own), "SOL_"]
        }
    }

    /// The settings that a chain of this kind has.
    var settings: [SettingKey] {
        let common = [Setting.treasury, .rpcURL, .withdrawalKeyFile].map { setting($0) }
        switch kind {
        case .evm:
            let own: [Setting] = [.rpcQuorum, .firstBlock, .finality, .chainID, .token, .asset]
            return common + own.map { setting($0) }
        case .solana:
            return common + [setting(.wsURL), setting(.program), SettingKey.usdcMint, .heliusKey]
        }
    }

    enum Setting: String {
        case treasury
        case rpcURL = "rpcUrl"
        case wsURL = "wsUrl"
        case rpcQuorum, firstBlock, finality
        case chainID = "chainId"
        case token, asset, program, withdrawalKeyFile
    }

    /// The setting of this chain: `BASE_SEPOLIA_TREASURY` for `base-sepolia`.
    ///
    /// Solana's networks share theirs: one gateway serves one of them.
    func setting(_ setting: Setting, fallback: String? = nil, isSecret: Bool = false) -> SettingKey
    {
        var words = name.split(separator: "-").map(String.init)
        if case .solana = kind { words = ["solana"] }
        let prefix = words.dropFirst().reduce(words[0]) { $0 + $1.capitalized }
        return SettingKey(
            key: "\(prefix).\(setting.rawValue)",
            fallback: fallback,
            isSecret: isSecret,
        )
    }
}
