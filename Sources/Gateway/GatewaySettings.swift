import Deposits
package import Pricing
package import RateLimits
package import Watching
package import Withdrawals

/// Every limit and every duration of the gateway; the CLI fills it from the environment.
package struct GatewaySettings: Sendable {
    /// The URL under which agents reach the gateway, without a slash at its end; `nil` where it is
    /// the address that each request was sent to.
    package var publicURL: String?
    package var holds: HoldPolicy
    /// How long a hold stands without being renewed.
    package var lease: Duration = .seconds(120)
    /// How many tokens of output a running stream's hold is extended by at a time.
    package var holdStep: Int64 = 1024
    /// How long an answer is read on after its agent left.
    package var drain: Duration = .seconds(15)
    /// How long an upstream is kept for an agent that left before the first byte and can ask again.
    package var retryGrace: Duration = .seconds(1)
    /// How long an upstream may take to answer at all.
    package var headTimeout: Duration = .seconds(600)
    /// How long an upstream, or an agent that reads, may pause.
    package var idleTimeout: Duration = .seconds(120)
    /// How long one answer may take over all.
    package var totalTimeout: Duration = .seconds(3600)
    /// How long a connection is kept without a request, or without all of a request's head.
    package var requestTimeout: Duration = .seconds(75)
    /// How long an agent may take to send its request's body.
    package var bodyTimeout: Duration = .seconds(60)
    /// The most bytes of a request's body.
    package var bodyLimit = 32 << 20
    /// The most bytes of all bodies together that are read of who is not proven, or has nothing to spend;
    /// the first ones of each body need no room.
    package var unprovenBodyLimit = 64 << 20
    /// The most bytes of one event of a stream.
    package var eventLimit = 4 << 20
    /// The most bytes of an answer that is not streamed.
    package var answerLimit = 64 << 20
    /// The most bytes of all answers that are kept for retries, in memory.
    package var replayLimit = 256 << 20
    /// The most bytes of one such answer; a longer one is not kept.
    package var replayAnswerLimit = 8 << 20
    /// The most requests that are remembered for retries, whether or not their answers are kept.
    package var replayRecords = 1_000_000
    /// How long an answer is kept for retries, and its request remembered.
    package var replayLifetime: Duration = .seconds(60)
    /// How often the books are summed up for the gauge of their imbalance.
    package var booksInterval: Duration = .seconds(15)
    /// The most inferences at a time.
    package var inferenceLimit = 20_000
    /// How often one address may register.
    package var registrations = RateLimit(count: 10, per: .seconds(60))
    /// How often one address may ask for a challenge or a session.
    package var signIns = RateLimit(count: 30, per: .seconds(60))
    /// For which generation of Level5's clients answers are, where a request does not say.
    package var level5 = Level5View.perMillion
    /// Whether `X-Payer` is taken at its word; for networks whose money is worth nothing.
    package var takesUnprovenPayers = false
    /// From which pages browsers may ask; none where it is empty.
    package var corsOrigins: Set<String> = []
    /// The header in which a trusted proxy names the agent's address; `nil` trusts none.
    package var clientAddressHeader: String?
    /// The chains on which deposits are taken, as refusals for money tell of them.
    package var rails: [DepositRail] = []
    /// How many nodes each of those chains has, by its name.
    package var nodes: [String: Int] = [:]
    /// The chains that customers may withdraw on; none where it is empty.
    package var payingChains: Set<String> = []
    package var withdrawals = WithdrawalPolicy()
    /// What SOL is worth, for who needs it now.
    package var solRates = SOLRateBook(nil)

    package init(publicURL: String?, holds: HoldPolicy) {
        self.publicURL = publicURL
        self.holds = holds
    }

    /// How much is held of bodies whose senders are not proven or have nothing to spend, and how much of
    /// one address': one body of any size that is taken, and beyond that no more than half of all.
    package var unprovenBodies: ByteLimit {
        let total = max(unprovenBodyLimit, bodyLimit)
        return ByteLimit(total: total, each: max(total / 2, bodyLimit))
    }
}
