import Testing

@testable import CLI

@Suite struct SettingNamesTests {
    struct Row: Sendable {
        var chains: [String] = []
        var upstreams: [String] = []
        let variable: String
        let meaning: SettingNames.Meaning
    }

    static let rows = [
        // Ours.
        Row(variable: "FAREBOX_UNHEARD_OF", meaning: .unknown),
        Row(variable: "FAREBOX_CHAIN", meaning: .unknown),
        Row(variable: "FAREBOX_CHAINS", meaning: .setting),
        // A chain's.
        chain("base-sepolia", "BASE_SEPOLIA_FINALITY", .setting),
        chain("base-sepolia", "BASE_SEPOLIA_FINALTY", .unknownOfChain("base-sepolia")),
        chain("base-sepolia", "BASE_SEPOLIA_RPC_QOURUM", .unknownOfChain("base-sepolia")),
        chain("mine", "MINE_RPC_QUORUM", .setting),
        chain("mine", "MINE_QUORUM", .unknownOfChain("mine")),
        chain("farebox-mine", "FAREBOX_MINE_TREASURY", .setting),
        // The beginning of one chain's name is another's.
        chain("base", "BASE_FINALTY", .unknownOfChain("base")),
        chain("base", "BASE_SEPOLIA_FINALITY", .unknownOfChain("base")),
        chain("base-sepolia", "BASE_FINALTY", .others),
        chain("base-sepolia", "BASE_URL", .others),
        chain("base-sepolia", "BASE_FINALITY", .doubtful),
        chain("base,base-mine", "BASE_MINE_FINALITY", .setting),
        chain("base,base-mine", "BASE_MINE_FINALTY", .unknownOfChain("base-mine")),
        chain("base,base-mine", "BASE_FINALTY", .unknownOfChain("base")),
        // Both networks of Solana have the same.
        chain("solana-devnet", "SOLANA_PROGRAM", .setting),
        chain("solana-devnet", "SOLANA_PROGRAMM", .unknownOfChain("solana-devnet")),
        chain("solana", "SOLANA_DEVNET_PROGRAM", .unknownOfChain("solana")),
        chain("solana", "SOLANA_RPC_QUORUM", .unknownOfChain("solana")),
        chain("solana", "SOL_RATE_FEILD", .unknownOfChain("solana")),
        chain("solana", "USDC_MINTT", .doubtful),
        chain("solana", "HELIUS_KEY", .doubtful),
        chain("base", "SOL_RATE_FEILD", .others),
        chain("base", "HELIUS_KEY", .others),
        chain("base", "HELIUS_API_KEY", .setting),
        // Of a chain that is not named.
        Row(variable: "BASE_SEPOLIA_TREASURY", meaning: .ofUnnamedChain(["base-sepolia"])),
        Row(variable: "BASE_SEPOLIA_FINALTY", meaning: .others),
        Row(variable: "SOLANA_RPC_URL", meaning: .doubtful),
        Row(variable: "SOLANA_TREASURY", meaning: .ofUnnamedChain(["solana", "solana-devnet"])),
        chain("tempo-testnet", "TEMPO_TREASURY", .ofUnnamedChain(["tempo"])),
        chain("Base,-,base_sepolia", "BASE_TREASURY", .ofUnnamedChain(["base"])),
        // An upstream's, which other programs read, too.
        Row(variable: "OPENAI_BASE_URL", meaning: .setting),
        Row(variable: "OPENAI_BSE_URL", meaning: .doubtful),
        Row(variable: "OPENAI_ORG_ID", meaning: .doubtful),
        Row(variable: "TOGETHER_API_KEYS", meaning: .doubtful),
        Row(variable: "GROQ_API_KY", meaning: .others),
        Row(upstreams: ["groq"], variable: "GROQ_API_KEY", meaning: .setting),
        Row(upstreams: ["groq"], variable: "GROQ_API_KY", meaning: .doubtful),
        Row(chains: ["base"], upstreams: ["base"], variable: "BASE_API_KEY", meaning: .setting),
        chain("base", "BASE_API_KEY", .unknownOfChain("base")),
        // A service's, which Kubernetes and Docker name.
        chain("tempo", "TEMPO_SERVICE_HOST", .others),
        chain("tempo", "TEMPO_SERVICE_PORT_HTTP", .others),
        chain("tempo", "TEMPO_PORT", .others),
        chain("tempo", "TEMPO_PORT_3200_TCP_ADDR", .others),
        chain("tempo", "TEMPO_SERVICE", .unknownOfChain("tempo")),
        // Nobody's.
        Row(variable: "PATH", meaning: .others),
        Row(variable: "OPENAI", meaning: .others),
        Row(variable: "", meaning: .others),
    ]

    private static func chain(
        _ names: String,
        _ variable: String,
        _ meaning: SettingNames.Meaning,
    ) -> Row {
        Row(chains: names.names, variable: variable, meaning: meaning)
    }

    @Test(arguments: rows)
    func `a variable is judged by what it begins with`(_ row: Row) {
        let names = SettingNames(upstreams: row.upstreams, chains: row.chains)
        #expect(names.meaning(of: row.variable) == row.meaning, "\(row)")
    }

    @Test(
        arguments: [
            ("openai.baseUrl", .setting), ("openai.bseUrl", .unknown),
            ("baseSepolia.treasury", .setting), ("baseSepolia.finalty", .unknown),
            ("base.treasury", .ofUnnamedChain(["base"])), ("nobodys", .unknown),
        ] as [(String, SettingNames.Meaning)]
    )
    func `nothing in the file is another program's`(_ key: String, _ meaning: SettingNames.Meaning)
    {
        let names = SettingNames(upstreams: [], chains: ["base-sepolia"])
        #expect(names.meaning(ofKey: key) == meaning)
    }

    @Test func `a start tells which variables may be misspelt`() async throws {
        let reader = try await SettingsReader(environment: [
            "OPENAI_ORG_ID": "x", "OPENAI_API_KEY": "x", "ANTHROPIC_BSE_URL": "x", "HOME": "x",
        ])
        #expect(reader.doubtful == ["ANTHROPIC_BSE_URL", "OPENAI_ORG_ID"])
    }
}
