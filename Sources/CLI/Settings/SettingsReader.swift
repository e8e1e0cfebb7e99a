import Configuration
import Foundation
import Primitives
import SystemPackage
import Yams

/// Reads settings from the environment and, behind it, from one YAML file.
struct SettingsReader {
    private let reader: ConfigReader
    /// Variables that begin as an upstream's settings do and are none: misspellings, or other programs'.
    let doubtful: [String]

    /// - Throws: ``SettingError`` for a file that can not be read and for a name that is not one.
    init(environment: [String: String]) async throws {
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment)
        ]
        var file: [String: Any] = [:]
        if let path = environment[SettingKey.config.variable] {
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(path)))
            } catch {
                throw SettingError.unreadableFile(path)
            }
            file = try SettingsReader.mapping(inFile: path)
        }
        let names = SettingNames(
            upstreams: SettingsReader.names(.upstreams, environment, file),
            chains: SettingsReader.names(.chains, environment, file),
        )
        try SettingsReader.check(names, environment, file)
        doubtful = names.doubtful(among: environment.keys)
        reader = ConfigReader(providers: providers)
    }

    /// The setting's text; `nil` where it is not set and has no fallback.
    func optional(_ setting: SettingKey) -> String? {
        reader.string(forKey: ConfigKey(setting.key), isSecret: setting.isSecret)
            ?? setting.fallback
    }

    func text(_ setting: SettingKey) throws(SettingError) -> String {
        guard let text = optional(setting), !text.isEmpty else { throw .missing(setting.variable) }
        return text
    }

    func count(_ setting: SettingKey, in range: ClosedRange<Int>) throws(SettingError) -> Int {
        guard let count = Int(try text(setting)), range.contains(count) else {
            throw .invalid(
                setting.variable,
                expected: "a whole number within \(range.lowerBound) and \(range.upperBound)",
            )
        }
        return count
    }

    /// Seconds, with at most three decimal places.
    func seconds(_ setting: SettingKey, upTo limit: Int64) throws(SettingError) -> Duration {
        guard let milliseconds = DecimalText.units(of: try text(setting), decimals: 3),
            (1...limit * 1000).contains(milliseconds)
        else {
            throw .invalid(setting.variable, expected: "seconds, more than 0 and at most \(limit)")
        }
        return .milliseconds(milliseconds)
    }

    /// A secret that nobody guesses.
    func secret(_ setting: SettingKey) throws(SettingError) -> String {
        let secret = try text(setting)
        if let weakness = SecretWeakness.ofSecret(secret) {
            throw .weakSecret(setting.variable, weakness)
        }
        return secret
    }

    /// Our credential at somebody else's, which is not what an example says in its place.
    func credential(_ setting: SettingKey) throws(SettingError) -> String {
        let credential = try text(setting)
        if let weakness = SecretWeakness.ofCredential(credential) {
            throw .weakSecret(setting.variable, weakness)
        }
        return credential
    }

    /// Refuses a URL that has what an example says in the place of a key.
    func checkKeys(in url: String, _ setting: SettingKey) throws(SettingError) {
        for key in url.possibleKeys {
            if let weakness = SecretWeakness.ofCredential(key) {
                throw .weakSecret(setting.variable, weakness)
            }
        }
    }

    private static func mapping(inFile path: String) throws -> [String: Any] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let root = try Yams.load(yaml: text) as? [String: Any] else {
            throw SettingError.unreadableFile(path)
        }
        return root
    }

    /// What the environment and the file list, together: one may hold what the other does without.
    private static func names(
        _ setting: SettingKey,
        _ environment: [String: String],
        _ file: [String: Any],
    ) -> [String] {
        let words = setting.key.split(separator: ".").map(String.init)
        let listed = (file[words[0]] as? [String: Any])?[words[1]] as? String
        return (environment[setting.variable] ?? "").names + (listed ?? "").names
    }

    /// Refuses the first name, of the file and then of the environment, that should be a setting and is none.
    private static func check(
        _ names: SettingNames,
        _ environment: [String: String],
        _ file: [String: Any],
    ) throws(SettingError) {
        let path = environment[SettingKey.config.variable] ?? ""
        for key in flattened(file, prefix: "").sorted() {
            if let error = SettingError("\(key) in \(path)", names.meaning(ofKey: key)) {
                throw error
            }
        }
        for variable in environment.keys.sorted() {
            if let error = SettingError(variable, names.meaning(of: variable)) { throw error }
        }
    }

    private static func flattened(_ mapping: [String: Any], prefix: String) -> [String] {
        mapping.flatMap { key, value in
            (value as? [String: Any]).map { flattened($0, prefix: "\(prefix)\(key).") }
                ?? ["\(prefix)\(key)"]
        }
    }
}

extension String {
    /// Where a node's URL has its key: the values of its query, and the end of its path unless that is a
    /// word too short to be one.
    fileprivate var possibleKeys: [String] {
        let halves = split(separator: "?", maxSplits: 1)
        let path = halves[0].split(separator: "/").dropFirst(2).last.map(String.init) ?? ""
        let query = halves.dropFirst().flatMap { $0.split(separator: "&") }
        let values = query.map { String($0.drop { $0 != "=" }.dropFirst()) }
        return ((path.count >= 6 ? [path] : []) + values).map { $0.removingPercentEncoding ?? $0 }
    }

    /// The names in a list that is separated by commas.
    var names: [String] {
        split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }
}
