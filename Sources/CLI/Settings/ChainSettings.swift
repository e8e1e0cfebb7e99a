import ChainFormats
import Deposits
import Foundation
import Primitives
import Watching

/// A chain that deposits are taken on, checked.
struct ChainSettings: Sendable {
    enum Watching: Sendable {
        case evm(EVMWatching)
        case solana(SolanaWatching)
    }

    let rail: DepositRail
    let watching: Watching
    /// The URLs of its nodes, which may hold keys; the first is asked for everything.
    let nodes: [String]
    /// What signs for what leaves the treasury; `nil` where nothing does.
    let key: TreasuryKey?
    /// Where the first node tells when something happens, where it does.
    let subscription: String?
}

extension SettingsReader {
    /// The chains that `FAREBOX_CHAINS` names.
    ///
    /// - Throws: ``SettingError`` for the first setting that is missing or wrong.
    func chains() throws -> [ChainSettings] {
        let names = (optional(.chains) ?? "").names
        let presets = names.map(ChainPreset.named)
        let solana = presets.filter { if case .solana = $0.kind { true } else { false } }
        guard Set(names).count == names.count, solana.count <= 1, names.allSatisfy(\.isChainName)
        else {
            throw SettingError.invalid(
                SettingKey.chains.variable,
                expected: "names of chains, each once, one network of Solana at most",
            )
        }
        // Money that is worth nothing would be spent, and paid out, as the other's.
        guard Set(presets.map(\.isTestnet)).count <= 1 else {
            let known = ChainPreset.all.filter(\.isTestnet).map(\.name).joined(separator: ", ")
            throw SettingError.invalid(
                SettingKey.chains.variable,
                expected: "test networks alone (\(known)), or none",
            )
        }
        return try presets.map { preset in
            do throws(SettingError) {
                return switch preset.kind {
                case .evm(let known): try evm(preset, known)
                case .solana(let known): try self.solana(preset, known)
                }
            } catch .missing(let setting) where !preset.isKnown {
                // Likelier its name is misspelt.
                throw SettingError.missingOfNewChain(setting, preset.name)
            }
        }
    }

    private func evm(
        _ preset: ChainPreset,
        _ known: ChainPreset.EVM,
    ) throws(SettingError) -> ChainSettings {
        let treasury = try value(preset.setting(.treasury), "an address") { EVMAddress($0) }
        let id = try value(preset.setting(.chainID, fallback: known.chainID), "a chain's number") {
            UInt64($0)
        }
        let token = try value(preset.setting(.token, fallback: known.token), "an address") {
            EVMAddress($0)
        }
        let assets: [Asset] = [.usdc, .pathusd]
        let asset = try value(
            preset.setting(.asset, fallback: known.asset?.rawValue),
            "one of usdc, pathusd",
        ) { text in assets.first { $0.rawValue == text } }
        let finality = try value(
            preset.setting(.finality, fallback: "finalized"),
            "finalized, or how many blocks",
        ) { $0 == "finalized" ? .finalized : UInt32($0).map { EVMFinality.depth(Int64($0)) } }
        let nodes = try nodes(preset.setting(.rpcURL, fallback: preset.nodeURL, isSecret: true))
        var watching = EVMWatching(
            EVMTreasury(
                chain: preset.name,
                chainID: id,
                address: treasury,
                tokens: [token: asset],
            ),
            finality: finality,
        )
        watching.quorum = try value(
            preset.setting(.rpcQuorum, fallback: "1"),
            "a whole number from 1 to how many nodes \(preset.setting(.rpcURL).variable) names, "
                + "which is \(nodes.count)",
        ) { Int($0).flatMap { (1...nodes.count).contains($0) ? $0 : nil } }
        let firstBlock = preset.setting(.firstBlock)
        if optional(firstBlock) != nil {
            watching.firstBlock = Int64(try count(firstBlock, in: 0...Int.max))
        }
        let rail = DepositRail(
            chain: preset.name,
            // PathUSD is a TIP-20 token.
            network: .evm(chainID: id, hasMemos: asset == .pathusd),
            treasury: treasury.checksummed,
            coins: [DepositRail.Coin(asset, token: token.checksummed)],
            isTestnet: preset.isTestnet,
            // The operator's own may hold a key.
            publicNode: optional(preset.setting(.rpcURL)) == nil ? preset.nodeURL : nil,
        )
        return ChainSettings(
            rail: rail,
            watching: .evm(watching),
            nodes: nodes,
            key: try treasuryKey(preset.setting(.withdrawalKeyFile), of: treasury),
            subscription: nil,
        )
    }

    private func solana(
        _ preset: ChainPreset,
        _ known: ChainPreset.Solana,
    ) throws(SettingError) -> ChainSettings {
        let wallet = try value(preset.setting(.treasury), "a wallet's address") { SolanaKey($0) }
        let mint = try value(
            SettingKey(key: SettingKey.usdcMint.key, fallback: known.mint),
            "a mint's address",
        ) { SolanaKey($0) }
        let named = preset.setting(.program)
        let program =
            try optional(named) == nil
            ? nil
            : value(named, "a program's address") {
                SolanaKey($0)
            }
        let hasHelius = !(optional(.heliusKey) ?? "").isEmpty
        let helius =
            hasHelius ? "https://\(known.heliusHost)/?api-key=\(try credential(.heliusKey))" : nil
        let nodes = try nodes(preset.setting(.rpcURL, fallback: helius, isSecret: true))
        let treasury = SolanaTreasury(
            chain: preset.name,
            wallet: wallet,
            mint: mint,
            program: program,
        )
        let rail = DepositRail(
            chain: preset.name,
            network: .solana(program: program.map { "\($0)" }),
            treasury: "\(wallet)",
            coins: [
                DepositRail.Coin(.usdc, token: "\(mint)"), DepositRail.Coin(.sol, token: nil),
            ],
            isTestnet: preset.isTestnet,
        )
        return ChainSettings(
            rail: rail,
            watching: .solana(SolanaWatching(treasury, genesis: known.genesis)),
            nodes: nodes,
            key: try treasuryKey(preset.setting(.withdrawalKeyFile), of: wallet),
            subscription: try subscription(
                preset.setting(
                    .wsURL,
                    fallback: nodes[0].subscriptionURL,
                    isSecret: true,
                )
            ),
        )
    }

    private func subscription(_ setting: SettingKey) throws(SettingError) -> String? {
        let url = try text(setting)
        if url == "none" { return nil }
        guard WebSocketNode(url, random: SystemSources.random) != nil else {
            throw .invalid(setting.variable, expected: "a ws or wss URL, or none")
        }
        try checkKeys(in: url, setting)
        return url
    }

    private func value<Value>(
        _ setting: SettingKey,
        _ expected: String,
        _ read: (String) -> Value?,
    ) throws(SettingError) -> Value {
        guard let value = read(try text(setting)) else {
            throw .invalid(setting.variable, expected: expected)
        }
        return value
    }

    private func nodes(_ setting: SettingKey) throws(SettingError) -> [String] {
        let urls = try text(setting).names
        guard !urls.isEmpty, urls.allSatisfy(\.isNodeURL) else {
            throw .invalid(setting.variable, expected: "http or https URLs, separated by commas")
        }
        for url in urls { try checkKeys(in: url, setting) }
        return urls
    }
}

extension String {
    /// Letters and digits, and hyphens within; no other setting begins like it.
    var isChainName: Bool {
        let isWord = { (character: Character) in
            ("a"..."z").contains(character) || ("0"..."9").contains(character)
        }
        let words = split(separator: "-", omittingEmptySubsequences: false)
        let taken = ["farebox", "sol", "usdc", "helius"] + UpstreamPreset.all.map(\.name)
        return utf8.count <= 32 && words.allSatisfy { !$0.isEmpty && $0.allSatisfy(isWord) }
            && !taken.contains(self)
    }

    /// Where a node of Solana takes subscriptions, as its clients guess it: beside its JSON-RPC, on the next
    /// port where that is named.
    fileprivate var subscriptionURL: String {
        let rest = drop { $0 != ":" }
        let url = (hasPrefix("https") ? "wss" : "ws") + rest
        let authority = url.split(separator: "/")[1].prefix { $0 != "?" }
        guard let colon = authority.lastIndex(of: ":"),
            let port = Int(authority[authority.index(after: colon)...])
        else { return url }
        return url.replacingCharacters(
            in: authority.index(after: colon)..<authority.endIndex,
            with: String(port + 1),
        )
    }

    /// A node's URL may have a query, which holds a key.
    var isNodeURL: Bool {
        allSatisfy { $0.isASCII && !$0.isWhitespace && $0 != "#" }
            && (hasPrefix("https://") || hasPrefix("http://")) && split(separator: "/").count >= 2
    }
}
