/// One setting: its name in the configuration file, and what it means.
///
/// The environment variable has the same words in upper case: `farebox.holdsMode` is
/// `FAREBOX_HOLDS_MODE`. docs/configuration.md lists them all.
struct SettingKey: Sendable {
    let key: String
    let fallback: String?
    let isSecret: Bool

    init(key: String, fallback: String? = nil, isSecret: Bool = false) {
        self.key = key
        self.fallback = fallback
        self.isSecret = isSecret
    }

    /// The environment variable that sets it.
    var variable: String {
        key.reduce(into: "") { name, character in
            if character == "." {
                name += "_"
            } else if character.isUppercase {
                name += "_\(character)"
            } else {
                name += character.uppercased()
            }
        }
    }

    static let listen = SettingKey(key: "farebox.listen", fallback: "127.0.0.1:4020")
    static let database = SettingKey(
        key: "farebox.database",
        fallback: "sqlite:var/farebox.db",
    )
    static let adminKey = SettingKey(key: "farebox.adminKey", isSecret: true)
    static let publicURL = SettingKey(key: "farebox.publicUrl")
    static let config = SettingKey(key: "farebox.config")
    static let rates = SettingKey(key: "farebox.rates")
    static let upstreams = SettingKey(key: "farebox.upstreams", fallback: "")
    static let logLevel = SettingKey(key: "farebox.logLevel", fallback: "info")
    static let holdsMode = SettingKey(key: "farebox.holdsMode", fallback: "adaptive")
    static let holdsLease = SettingKey(key: "farebox.holdsLease", fallback: "120")
    static let outputFloor = SettingKey(key: "farebox.outputFloor", fallback: "1024")
    static let holdsStep = SettingKey(key: "farebox.holdsStep", fallback: "1024")
    static let drainSeconds = SettingKey(key: "farebox.drainSeconds", fallback: "15")
    static let retrySeconds = SettingKey(key: "farebox.retrySeconds", fallback: "1")
    static let shutdownSeconds = SettingKey(key: "farebox.shutdownSeconds", fallback: "30")
    static let connectTimeout = SettingKey(
        key: "farebox.upstreamConnectTimeout",
        fallback: "10",
    )
    static let headTimeout = SettingKey(key: "farebox.upstreamHeadTimeout", fallback: "600")
    static let idleTimeout = SettingKey(key: "farebox.upstreamIdleTimeout", fallback: "120")
    static let totalTimeout = SettingKey(key: "farebox.upstreamTotalTimeout", fallback: "3600")
    static let connections = SettingKey(key: "farebox.upstreamConnections", fallback: "1024")
    static let client = SettingKey(key: "farebox.upstreamClient", fallback: "nio")
    static let bodyLimit = SettingKey(key: "farebox.bodyLimit", fallback: "33554432")
    static let unprovenBodyLimit = SettingKey(
        key: "farebox.unprovenBodyLimit",
        fallback: "67108864",
    )
    static let requestTimeout = SettingKey(key: "farebox.requestTimeout", fallback: "75")
    static let bodyTimeout = SettingKey(key: "farebox.bodyTimeout", fallback: "60")
    static let eventLimit = SettingKey(key: "farebox.eventLimit", fallback: "4194304")
    static let answerLimit = SettingKey(key: "farebox.answerLimit", fallback: "67108864")
    static let replaySeconds = SettingKey(key: "farebox.replaySeconds", fallback: "60")
    static let replayLimit = SettingKey(key: "farebox.replayLimit", fallback: "268435456")
    static let replayAnswerLimit = SettingKey(
        key: "farebox.replayAnswerLimit",
        fallback: "8388608",
    )
    static let replayRecords = SettingKey(key: "farebox.replayRecords", fallback: "1000000")
    static let inferenceLimit = SettingKey(key: "farebox.inferenceLimit", fallback: "20000")
    static let registerLimit = SettingKey(key: "farebox.registerLimit", fallback: "10")
    static let level5 = SettingKey(key: "farebox.level5", fallback: "1.6")
    static let unprovenPayers = SettingKey(key: "farebox.unprovenPayers", fallback: "no")
    static let corsOrigins = SettingKey(key: "farebox.corsOrigins", fallback: "")
    static let signInLimit = SettingKey(key: "farebox.signInLimit", fallback: "30")
    static let addressHeader = SettingKey(key: "farebox.clientAddressHeader")
    static let solRate = SettingKey(key: "sol.usdcRate")
    static let solRateURL = SettingKey(key: "sol.rateUrl", isSecret: true)
    static let solRateField = SettingKey(key: "sol.rateField", fallback: "data.amount")
    static let solRateSeconds = SettingKey(key: "sol.rateSeconds", fallback: "60")
    static let solRateMaxAge = SettingKey(key: "sol.rateMaxAge", fallback: "600")

    static let chains = SettingKey(key: "farebox.chains", fallback: "")
    static let depositSeconds = SettingKey(key: "farebox.depositSeconds", fallback: "5")
    static let withdrawalLimit = SettingKey(key: "farebox.withdrawalLimit", fallback: "100.00")
    static let withdrawalMinimum = SettingKey(key: "farebox.withdrawalMinimum", fallback: "1.00")
    /// Seconds.
    static let withdrawalCoolDown = SettingKey(key: "farebox.withdrawalCoolDown", fallback: "3600")
    static let usdcMint = SettingKey(key: "usdc.mint")
    static let heliusKey = SettingKey(key: "helius.apiKey", isSecret: true)

    /// Everything but the upstreams' and the chains' own.
    static let all: [SettingKey] =
        [
            listen, database, adminKey, publicURL, config, rates, upstreams, logLevel, holdsMode,
            holdsLease, outputFloor, holdsStep, drainSeconds, retrySeconds, shutdownSeconds,
            connectTimeout, headTimeout, idleTimeout, totalTimeout, connections, client, bodyLimit,
            requestTimeout, bodyTimeout, unprovenBodyLimit, eventLimit, answerLimit,
            replaySeconds, replayLimit, replayAnswerLimit, replayRecords, inferenceLimit,
            registerLimit,
            level5, unprovenPayers, corsOrigins, signInLimit, addressHeader, solRate, chains,
            depositSeconds, withdrawalLimit, withdrawalMinimum, withdrawalCoolDown, usdcMint,
            heliusKey,
        ] + solRateSource

    /// Those of the source that says what SOL is worth.
    static let solRateSource = [
        solRateURL, solRateField, solRateSeconds, solRateMaxAge,
    ]

    /// The credential of an upstream: `OPENAI_API_KEY` for `openai`.
    static func apiKey(of upstream: String) -> SettingKey {
        SettingKey(key: "\(upstream).apiKey", isSecret: true)
    }

    /// The base URL of an upstream: `OPENAI_BASE_URL` for `openai`.
    static func baseURL(of upstream: String, fallback: String?) -> SettingKey {
        SettingKey(key: "\(upstream).baseUrl", fallback: fallback)
    }
}
