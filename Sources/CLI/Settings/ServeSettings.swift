import Deposits
import Forwarding
import Gateway
import Logging
import Pricing
import Primitives
import RateLimits
import StoreSQLite
import Watching

/// Everything that a gateway process is told, checked.
struct ServeSettings: Sendable {
    var host: String
    var port: Int
    var database: SQLiteLocation
    var adminKey: String
    var upstreams: [Upstream]
    var chains: [ChainSettings]
    /// Who says what SOL is worth; `nil` where the operator does, or nobody.
    var solRateSource: SOLRateSource?
    /// How long there is between two looks at a chain at most.
    var depositInterval: Duration
    var gateway: GatewaySettings
    /// A rate card file to publish at the start; `nil` keeps the published one, or the built-in.
    var ratesPath: String?
    var logLevel: Logger.Level
    var connectTimeout: Duration
    var connections: Int
    var client: UpstreamClient
    var shutdown: Duration
    /// Variables that may be misspelt settings of upstreams.
    var doubtful: [String]

    /// - Throws: ``SettingError`` for the first setting that is wrong.
    init(_ reader: SettingsReader, now: Timestamp) throws {
        doubtful = reader.doubtful
        (host, port) = try reader.address(.listen)
        database = try SQLiteLocation(try reader.text(.database))
        adminKey = try reader.secret(.adminKey)
        upstreams = try reader.upstreams()
        chains = try reader.chains()
        solRateSource = try reader.solRateSource()
        depositInterval = try reader.seconds(.depositSeconds, upTo: 3600)
        let isPublic = reader.optional(.publicURL) != nil
        gateway = GatewaySettings(
            publicURL: isPublic ? try reader.url(.publicURL).withoutTrailingSlash : nil,
            holds: HoldPolicy(
                mode: try reader.choice(.holdsMode, of: HoldMode.self),
                outputFloor: Int64(try reader.count(.outputFloor, in: 1...1_000_000)),
            ),
        )
        ratesPath = reader.optional(.rates)
        logLevel = try reader.choice(.logLevel, of: Logger.Level.self)
        connectTimeout = try reader.seconds(.connectTimeout, upTo: 600)
        connections = try reader.count(.connections, in: 1...100_000)
        client = try reader.choice(.client, of: UpstreamClient.self)
        shutdown = try reader.seconds(.shutdownSeconds, upTo: 3600)
        try readGateway(reader, now: now)
    }

    private mutating func readGateway(_ reader: SettingsReader, now: Timestamp) throws {
        gateway.rails = chains.map(\.rail)
        gateway.nodes = chains.reduce(into: [:]) { $0[$1.rail.chain] = $1.nodes.count }
        gateway.payingChains = Set(chains.filter { $0.key != nil }.map(\.rail.chain))
        gateway.withdrawals = try reader.withdrawalPolicy()
        gateway.level5 = try reader.choice(.level5, of: Level5View.self)
        gateway.takesUnprovenPayers = try reader.unprovenPayers(on: gateway.rails)
        gateway.corsOrigins = Set((reader.optional(.corsOrigins) ?? "").names)
        gateway.lease = try reader.seconds(.holdsLease, upTo: 86_400)
        gateway.holdStep = Int64(try reader.count(.holdsStep, in: 1...1_000_000))
        gateway.drain = try reader.seconds(.drainSeconds, upTo: 3600)
        gateway.retryGrace = try reader.seconds(.retrySeconds, upTo: 60)
        gateway.headTimeout = try reader.seconds(.headTimeout, upTo: 86_400)
        gateway.idleTimeout = try reader.seconds(.idleTimeout, upTo: 86_400)
        gateway.totalTimeout = try reader.seconds(.totalTimeout, upTo: 86_400)
        gateway.requestTimeout = try reader.seconds(.requestTimeout, upTo: 3600)
        gateway.bodyTimeout = try reader.seconds(.bodyTimeout, upTo: 3600)
        gateway.bodyLimit = try reader.count(.bodyLimit, in: 1024...1 << 30)
        gateway.unprovenBodyLimit = try reader.count(.unprovenBodyLimit, in: 1024...1 << 40)
        gateway.eventLimit = try reader.count(.eventLimit, in: 1024...1 << 30)
        gateway.answerLimit = try reader.count(.answerLimit, in: 1024...1 << 30)
        gateway.replayLifetime = try reader.seconds(.replaySeconds, upTo: 3600)
        gateway.replayLimit = try reader.count(.replayLimit, in: 0...1 << 40)
        gateway.replayAnswerLimit = try reader.count(.replayAnswerLimit, in: 0...1 << 30)
        gateway.replayRecords = try reader.count(.replayRecords, in: 1000...1_000_000_000)
        gateway.inferenceLimit = try reader.count(.inferenceLimit, in: 1...1_000_000)
        gateway.registrations = RateLimit(
            count: try reader.count(.registerLimit, in: 1...1_000_000),
            per: .seconds(60),
        )
        gateway.signIns = RateLimit(
            count: try reader.count(.signInLimit, in: 1...1_000_000),
            per: .seconds(60),
        )
        gateway.clientAddressHeader = reader.optional(.addressHeader)
        gateway.solRates = try solRateSource?.book ?? SOLRateBook(reader.solRate(at: now))
    }
}

extension SettingsReader {
    /// `HOST:PORT`.
    fileprivate func address(_ setting: SettingKey) throws(SettingError) -> (String, Int) {
        let text = try text(setting)
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { throw .invalid(setting.variable, expected: "HOST:PORT") }
        return (String(text[..<colon]), port)
    }

    /// Whether `X-Payer` is taken at its word, where all money is worth nothing.
    fileprivate func unprovenPayers(on rails: [DepositRail]) throws(SettingError) -> Bool {
        switch try text(.unprovenPayers) {
        case "no": return false
        case "testnet" where !rails.isEmpty && rails.allSatisfy(\.isTestnet): return true
        default:
            throw .invalid(
                SettingKey.unprovenPayers.variable,
                expected: "no, or testnet where FAREBOX_CHAINS names test networks alone",
            )
        }
    }

    fileprivate func choice<Choice>(
        _ setting: SettingKey,
        of type: Choice.Type,
    ) throws(SettingError) -> Choice
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let choice = Choice(rawValue: try text(setting)) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(setting.variable, expected: "one of \(names)")
        }
        return choice
    }
}

extension String {
    fileprivate var withoutTrailingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
