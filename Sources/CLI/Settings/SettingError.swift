import Primitives

/// Why the program does not start.
enum SettingError: Failure, Hashable {
    case missing(String)
    case invalid(String, expected: String)
    /// A secret that anybody could guess.
    case weakSecret(String)
    case unknown(String)
    case unreadableFile(String)

    var code: String {
        switch self {
        case .missing: "setting_missing"
        case .invalid: "setting_invalid"
        case .weakSecret: "setting_weak_secret"
        case .unknown: "setting_unknown"
        case .unreadableFile: "settings_unreadable"
        }
    }

    var kind: FailureKind { .malformed }

    var message: String {
        switch self {
        case .missing(let name): "\(name) is not set."
        case .invalid(let name, let expected): "\(name) must be \(expected)."
        case .weakSecret(let name): "\(name) must be a secret of at least 16 characters."
        case .unknown(let name): "\(name) is not a setting; docs/configuration.md lists them all."
        case .unreadableFile(let path): "\(path) is not a readable YAML file."
        }
    }
}
