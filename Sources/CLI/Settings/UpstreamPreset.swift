import Forwarding
import Providers

/// An upstream that is known by name: its dialect and where it is.
struct UpstreamPreset: Sendable {
    let name: String
    let dialect: Dialect
    let baseURL: String?

    static let all = [
        UpstreamPreset(name: "openai", dialect: .openai, baseURL: "https://api.openai.com/v1"),
        UpstreamPreset(
            name: "anthropic",
            dialect: .anthropic,
            baseURL: "https://api.anthropic.com",
        ),
        UpstreamPreset(
            name: "openrouter",
            dialect: .openai,
            baseURL: "https://openrouter.ai/api/v1",
        ),
        UpstreamPreset(name: "together", dialect: .openai, baseURL: "https://api.together.xyz/v1"),
    ]
}

extension SettingsReader {
    /// The upstreams that have a credential: the known ones, and any further ones that
    /// `FAREBOX_UPSTREAMS` names, which speak OpenAI's dialect.
    ///
    /// - Throws: ``SettingError``; at least one upstream needs a credential.
    func upstreams() throws -> [Upstream] {
        let further = (optional(.upstreams) ?? "").names
        for name in further where !name.isUpstreamName {
            throw SettingError.invalid(
                SettingKey.upstreams.variable,
                expected: "names of lower-case letters and digits, separated by commas",
            )
        }
        let presets =
            UpstreamPreset.all
            + further.map { UpstreamPreset(name: $0, dialect: .openai, baseURL: nil) }
        let upstreams = try presets.compactMap { preset -> Upstream? in
            let isRequired = further.contains(preset.name)
            let apiKey = SettingKey.apiKey(of: preset.name)
            guard isRequired || optional(apiKey) != nil else { return nil }
            return Upstream(
                name: preset.name,
                dialect: preset.dialect,
                baseURL: try url(.baseURL(of: preset.name, fallback: preset.baseURL)),
                credential: try credential(apiKey),
            )
        }
        guard !upstreams.isEmpty else {
            throw SettingError.noUpstream(
                UpstreamPreset.all.map { SettingKey.apiKey(of: $0.name).variable }
            )
        }
        return upstreams
    }

    /// An http or https URL without a query.
    func url(_ setting: SettingKey) throws(SettingError) -> String {
        let url = try text(setting)
        let isPlain = url.allSatisfy { $0.isASCII && !$0.isWhitespace && $0 != "?" && $0 != "#" }
        guard isPlain, url.hasPrefix("https://") || url.hasPrefix("http://"),
            url.split(separator: "/").count >= 2
        else { throw .invalid(setting.variable, expected: "an http or https URL") }
        return url
    }
}

extension String {
    fileprivate var isUpstreamName: Bool {
        !isEmpty && allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) }
            && !["farebox", "sol"].contains(self)
    }
}
