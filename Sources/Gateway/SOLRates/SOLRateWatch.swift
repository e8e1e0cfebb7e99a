package import Logging
package import NIOCore
package import Primitives
import ServiceLifecycle

/// Asks a source what SOL is worth, again and again while the gateway runs.
///
/// What it does not answer, or answers badly, changes nothing: the last rate stands until it is too old.
/// It is told once when the rate can not be read, and once when it can be again.
package struct SOLRateWatch: Service {
    package typealias Ask = @Sendable () async throws -> ByteBuffer

    private let book: SOLRateBook
    private let text: SOLRateText
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let time: TimeSource
    private let logger: Logger
    private let ask: Ask

    /// - Parameters:
    ///   - book: what is told of the rates.
    ///   - text: where the rate stands in an answer.
    ///   - interval: how long there is between two asks.
    ///   - clock: what the interval is measured by.
    ///   - time: when an ask begins, which is when its rate is quoted.
    ///   - logger: is told when the source fails, and when it does not any more.
    ///   - ask: asks the source once.
    package init(
        _ book: SOLRateBook,
        _ text: SOLRateText,
        every interval: Duration,
        clock: any Clock<Duration>,
        time: TimeSource,
        logger: Logger,
        ask: @escaping Ask,
    ) {
        self.book = book
        self.text = text
        self.interval = interval
        self.clock = clock
        self.time = time
        self.logger = logger
        self.ask = ask
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var told: SOLRateFailure?
            while !Task.isCancelled {
                let failure = await look()
                // Whoever is stopping has nobody's answer.
                guard !Task.isCancelled else { return }
                tell(failure, after: told)
                told = failure
                do { try await clock.sleep(for: interval) } catch { return }
            }
        }
    }

    /// Asks once.
    ///
    /// - Returns: why the answer was not taken, where it was not.
    private func look() async -> SOLRateFailure? {
        let now = time.now()
        guard let answer = try? await ask() else { return .unreachable }
        guard let rate = text.microdollars(in: answer) else { return .unreadable }
        return book.learn(rate, at: now) ? nil : .jumped
    }

    private func tell(_ failure: SOLRateFailure?, after told: SOLRateFailure?) {
        if let failure, told == nil {
            logger.warning("SOL's rate can not be read", metadata: ["code": "\(failure.code)"])
        } else if failure == nil, told != nil {
            logger.notice("SOL's rate can be read again")
        }
    }
}

/// Why a source's answer gives no rate.
enum SOLRateFailure: Failure, Hashable {
    /// It did not answer, or with an error.
    case unreachable
    /// There is no number where the rate should be.
    case unreadable
    /// It is less than half or more than double of the last one, and was told once.
    case jumped

    var code: String {
        switch self {
        case .unreachable: "sol_rate_unreachable"
        case .unreadable: "sol_rate_unreadable"
        case .jumped: "sol_rate_jumped"
        }
    }

    var kind: FailureKind { .badUpstream }

    var message: String {
        switch self {
        case .unreachable: "The source of SOL's rate does not answer."
        case .unreadable: "The source of SOL's rate has no number at the field."
        case .jumped: "The source of SOL's rate says less than half or more than double, once."
        }
    }
}
