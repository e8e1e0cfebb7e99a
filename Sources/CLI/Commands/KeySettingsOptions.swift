import ArgumentParser
import Gateway
import Primitives

/// The options that say what a key may do; `none` takes a limit away.
struct KeySettingsOptions: ParsableArguments {
    @Option(help: "A name for people.") var name: String?
    @OptionGroup var limits: LimitOptions
    @Option(help: "When it ends: 2027-12-31T23:59:59Z, or none.") var expires: String?
    @Option(help: "A model that it may use, or openai/*; repeat for more. none allows all.")
    var model: [String] = []
    @Option(help: "Requests a minute, or none.") var requestsPerMinute: String?
    @Option(help: "Tokens a minute, or none.") var tokensPerMinute: String?
    @Option(help: "Inferences at a time, or none.") var concurrency: String?
    @Flag(inversion: .prefixedEnableDisable, help: "Whether it spends at all.")
    var spending: Bool?
    @Flag(inversion: .prefixedNo, help: "Refuse what the balance does not cover; do not cap it.")
    var refuseLowering: Bool?
    @Option(help: "When the agent leaves a stream: drain or cancel.") var onDisconnect: String?
    @Flag(inversion: .prefixedNo, help: "Let it manage the keys of its customer.")
    var managesKeys: Bool?

    /// - Throws: `ValidationError`.
    var change: KeyChange {
        get throws {
            var change = KeyChange()
            change.name = .given(name)
            change.limits = try limits.byWindow
            change.expiresAt = .orNone(expires)
            change.models = model.isEmpty ? .keep : model == ["none"] ? .clear : .set(model)
            change.requestsPerMinute = try count(requestsPerMinute, "--requests-per-minute")
            change.tokensPerMinute = try count(tokensPerMinute, "--tokens-per-minute")
            change.maxConcurrency = try count(concurrency, "--concurrency")
            change.disabled = .given(spending.map { !$0 })
            change.refuseLowering = .given(refuseLowering)
            change.onDisconnect = .given(onDisconnect)
            change.managesKeys = .given(managesKeys)
            return change
        }
    }

    private func count(_ text: String?, _ option: String) throws -> Patch<Int> {
        guard let text else { return .keep }
        if text == "none" { return .clear }
        guard let count = Int(text), count > 0 else {
            throw ValidationError("\(option) is a positive number, or none.")
        }
        return .set(count)
    }
}

extension Patch {
    fileprivate static func given(_ value: Value?) -> Patch { value.map(Patch.set) ?? .keep }
}

extension Patch<String> {
    fileprivate static func orNone(_ text: String?) -> Patch {
        text == "none" ? .clear : .given(text)
    }
}
