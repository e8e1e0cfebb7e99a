import Primitives

/// Why the program does not start.
enum SettingError: Failure, Hashable {
    case missing(String)
    case invalid(String, expected: String)
    /// No upstream has a credential; the settings are those that would give one to a known one.
    case noUpstream([String])
    case weakSecret(String, SecretWeakness)
    case unknown(String)
    /// A variable that begins as the settings of a chain do that is named.
    case unknownOfChain(String, String)
    /// A setting of chains of which `FAREBOX_CHAINS` names none.
    case ofUnnamedChain(String, [String])
    /// A setting of a chain that is not known by name, so that it needs them all.
    case missingOfNewChain(String, String)
    case unreadableFile(String)

    var code: String {
        switch self {
        case .missing, .noUpstream, .missingOfNewChain: "setting_missing"
        case .invalid: "setting_invalid"
        case .weakSecret: "setting_weak_secret"
        case .unknown, .unknownOfChain, .ofUnnamedChain: "setting_unknown"
        case .unreadableFile: "settings_unreadable"
        }
    }

    var kind: FailureKind { .malformed }

    private static let remedy = "`openssl rand -hex 32` makes a good one."

    var message: String {
        switch self {
        case .missing(let name): "\(name) is not set."
        case .invalid(let name, let expected): "\(name) must be \(expected)."
        case .noUpstream(let names):
            "No upstream has a credential: set at least one of \(names.joined(separator: ", "))."
        case .weakSecret(let name, .short):
            "\(name) must have at least \(SecretWeakness.shortest) characters; \(SettingError.remedy)"
        case .weakSecret(let name, .guessable):
            "\(name) is easy to guess: without common words, letters or digits in their order and "
                + "repetitions, little is left of it; \(SettingError.remedy)"
        case .weakSecret(let name, .placeholder):
            "\(name) still says what stands in an example, in place of a credential."
        case .unknown(let name): "\(name) is not a setting; docs/configuration.md lists them all."
        case .unknownOfChain(let name, let chain):
            "\(name) begins as the settings of \(chain) do, and is none; docs/configuration.md lists them "
                + "all. Unset it here where it is another program's."
        case .ofUnnamedChain(let name, let chains):
            "\(name) is a setting of \(chains.joined(separator: " or ")), which "
                + "\(SettingKey.chains.variable) does not name. Name it there, or unset this."
        case .missingOfNewChain(let name, let chain):
            "\(name) is not set. Known by name are \(ChainPreset.list); \(chain) is none of them, and "
                + "has to be told everything."
        case .unreadableFile(let path): "\(path) is not a readable YAML file."
        }
    }
}
