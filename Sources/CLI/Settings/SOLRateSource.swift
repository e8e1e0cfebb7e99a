import Gateway
import Ledger
import Logging
import Primitives
import Watching

/// Who says what SOL is worth, checked.
struct SOLRateSource: Sendable {
    /// May hold a key of the operator's.
    let url: String
    let text: SOLRateText
    /// How long there is between two asks.
    let interval: Duration
    /// What it is told to.
    let book: SOLRateBook

    /// The service that asks it.
    func watch(_ client: NodeClient) -> SOLRateWatch {
        let source = HTTPSource(url, client: client.http, clock: SystemSources.clock)
        return SOLRateWatch(
            book,
            text,
            every: interval,
            clock: SystemSources.clock,
            time: SystemSources.time,
            logger: Logger(label: "farebox.rates"),
            ask: { try await source.read() },
        )
    }
}

extension SettingsReader {
    /// Who says what SOL is worth; `nil` where nobody is asked.
    ///
    /// - Throws: ``SettingError`` for the first setting that is wrong.
    func solRateSource() throws(SettingError) -> SOLRateSource? {
        guard optional(.solRateURL) != nil else { return nil }
        let url = try text(.solRateURL)
        guard optional(.solRate) == nil else {
            throw .invalid(
                SettingKey.solRateURL.variable,
                expected: "unset where \(SettingKey.solRate.variable) is set",
            )
        }
        guard url.isNodeURL else {
            throw .invalid(SettingKey.solRateURL.variable, expected: "an http or https URL")
        }
        try checkKeys(in: url, .solRateURL)
        let interval = try seconds(.solRateSeconds, upTo: 3600)
        let longest = try seconds(.solRateMaxAge, upTo: 86_400)
        guard longest > interval else {
            throw .invalid(
                SettingKey.solRateMaxAge.variable,
                expected: "more than \(SettingKey.solRateSeconds.variable)",
            )
        }
        return SOLRateSource(
            url: url,
            text: SOLRateText(field: try text(.solRateField)),
            interval: interval,
            book: SOLRateBook(believingFor: longest),
        )
    }

    /// What SOL is worth by the operator's word.
    func solRate(at now: Timestamp) throws(SettingError) -> SOLRate? {
        guard let text = optional(.solRate) else { return nil }
        guard let rate = DecimalText.units(of: text, decimals: 6), rate > 0 else {
            throw .invalid(SettingKey.solRate.variable, expected: "USD per SOL")
        }
        return SOLRate(microdollarsPerSOL: rate, quotedAt: now)
    }
}
