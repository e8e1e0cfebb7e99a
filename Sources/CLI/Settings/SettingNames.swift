/// Which names are settings, where these upstreams and chains are named.
///
/// An environment holds other programs' variables, too: only those that begin as settings do are
/// judged.
struct SettingNames {
    /// What a variable is to us.
    enum Meaning: Hashable {
        case setting
        /// Begins as our own settings do, and is none.
        case unknown
        /// Begins as the settings of this chain do, which is named, and is none.
        case unknownOfChain(String)
        /// The treasury, in the file any setting, of these chains, none of which is named.
        case ofUnnamedChain([String])
        /// Begins as an upstream's settings do, and is none, or is a setting of a chain that is not named: a mistake,
        /// or another program's.
        case doubtful
        case others
    }

    private let known: [SettingKey]
    private let variables: Set<String>
    private let upstreams: [String]
    private let chains: [ChainPreset]

    /// - Parameters:
    ///   - upstreams: what `FAREBOX_UPSTREAMS` names, beside those that are known by name.
    ///   - chains: what `FAREBOX_CHAINS` names.
    init(upstreams: [String], chains: [String]) {
        self.upstreams = UpstreamPreset.all.map(\.name) + upstreams
        self.chains = chains.filter(\.isChainName).map(ChainPreset.named)
        known =
            SettingKey.all + self.chains.flatMap(\.settings)
            + self.upstreams.flatMap {
                [SettingKey.apiKey(of: $0), .baseURL(of: $0, fallback: nil)]
            }
        variables = Set(known.map(\.variable))
    }

    /// What a variable of the environment is.
    func meaning(of variable: String) -> Meaning {
        if variables.contains(variable) { return .setting }
        if variable.hasPrefix("FAREBOX_") { return .unknown }
        if SettingNames.isOfService(variable) { return .others }
        if let chain = named(by: variable) { return .unknownOfChain(chain) }
        let unnamed = SettingNames.chains { $0.variable == variable }
        // A node's address may be another program's; deposits to a treasury would be watched by nobody.
        if !unnamed.isEmpty {
            return variable.hasSuffix("_TREASURY") ? .ofUnnamedChain(unnamed) : .doubtful
        }
        return sharedPrefixes.contains(where: variable.hasPrefix) ? .doubtful : .others
    }

    /// What a name in the file is, which nobody else writes to.
    func meaning(ofKey key: String) -> Meaning {
        if known.contains(where: { $0.key == key }) { return .setting }
        let unnamed = SettingNames.chains { $0.key == key }
        return unnamed.isEmpty ? .unknown : .ofUnnamedChain(unnamed)
    }

    /// Those of the variables that begin as an upstream's settings do and are none, in order.
    func doubtful(among variables: some Sequence<String>) -> [String] {
        variables.filter { meaning(of: $0) == .doubtful }.sorted()
    }

    /// Whether Kubernetes or Docker names so where a service is, which may be called as a chain is
    /// (`TEMPO_SERVICE_HOST`, `BASE_PORT_80_TCP_ADDR`).
    private static func isOfService(_ variable: String) -> Bool {
        ["_SERVICE_HOST", "_PORT"].contains(where: variable.hasSuffix)
            || ["_SERVICE_PORT", "_PORT_"].contains(where: variable.contains)
    }

    /// The chain whose settings begin like the variable, the longest name of all: `BASE_SEPOLIA_X` is of
    /// `base-sepolia` rather than of `base`.
    private func named(by variable: String) -> String? {
        let beginnings = chains.flatMap { chain in chain.prefixes.map { (chain.name, $0) } }
        return beginnings.filter { variable.hasPrefix($0.1) }
            .max { $0.1.utf8.count < $1.1.utf8.count }?.0
    }

    /// What other programs' variables begin with, too.
    private var sharedPrefixes: [String] {
        let takesSolana = chains.contains { if case .solana = $0.kind { true } else { false } }
        return upstreams.map { "\($0.uppercased())_" } + (takesSolana ? ["HELIUS_", "USDC_"] : [])
    }

    /// The chains known by name that have such a setting.
    private static func chains(with isMeant: (SettingKey) -> Bool) -> [String] {
        ChainPreset.all.filter { $0.settings.contains(where: isMeant) }.map(\.name)
    }
}

extension SettingError {
    /// Why a name with this meaning stops the start; `nil` where it does not.
    init?(_ name: String, _ meaning: SettingNames.Meaning) {
        switch meaning {
        case .setting, .doubtful, .others: return nil
        case .unknown: self = .unknown(name)
        case .unknownOfChain(let chain): self = .unknownOfChain(name, chain)
        case .ofUnnamedChain(let chains): self = .ofUnnamedChain(name, chains)
        }
    }
}
