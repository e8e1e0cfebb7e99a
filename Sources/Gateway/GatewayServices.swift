import Deposits
package import Forwarding
import Identity
import Ledger
package import Logging
package import Primitives
import RateLimits
package import Watching

/// What the routes of one gateway share.
package struct GatewayServices<Storage: GatewayStore>: Sendable {
    package let store: Storage
    package let settings: GatewaySettings
    package let rates: RateBook
    /// The configured upstreams by name.
    package let upstreams: [String: Upstream]
    package let transport: any UpstreamTransport
    package let time: TimeSource
    package let identifiers: IdentifierSource
    package let clock: any Clock<Duration>
    package let logger: Logger
    package let live: LiveHolds
    package let supervisor: InferenceSupervisor
    /// Where bodies and whole answers are read.
    package let reading: ReadingPlace
    let answers: RecentAnswers
    let directory = KeyDirectory()
    let registrations: WindowLimiter
    /// How often a customer may have a transaction looked at.
    let claims = WindowLimiter(RateLimit(count: 30, per: .seconds(60)))
    let challenges = Challenges()
    /// What is held of bodies whose senders are not proven, or have nothing to spend.
    let unprovenBodies: ByteLimiter
    /// Since when nonces are remembered.
    let startedAt: Timestamp
    /// How often one address may have a wallet looked at.
    let signIns: WindowLimiter
    let paces = PaceLimiter()
    /// The chains whose deposits are watched.
    package let chains: [WatchedChain]
    /// The service that sums the books up.
    package let booksWatch: BooksWatch<Storage>

    package init(
        store: Storage,
        settings: GatewaySettings,
        rates: RateBook,
        upstreams: [Upstream],
        transport: any UpstreamTransport,
        time: TimeSource,
        identifiers: IdentifierSource,
        clock: any Clock<Duration>,
        logger: Logger,
        reading: ReadingPlace = ReadingPlace(),
        chains: [WatchedChain] = [],
    ) {
        self.store = store
        self.settings = settings
        self.rates = rates
        self.upstreams = Dictionary(
            upstreams.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first },
        )
        self.transport = transport
        self.time = time
        self.identifiers = identifiers
        self.clock = clock
        self.logger = logger
        self.reading = reading
        self.chains = chains
        startedAt = time.now()
        supervisor = InferenceSupervisor(clock: clock)
        answers = RecentAnswers(
            budget: ReplayBudget(total: settings.replayLimit, each: settings.replayAnswerLimit),
            lifetime: settings.replayLifetime,
            mostRemembered: settings.replayRecords,
        )
        live = LiveHolds(limit: settings.inferenceLimit)
        registrations = WindowLimiter(settings.registrations)
        signIns = WindowLimiter(settings.signIns)
        unprovenBodies = ByteLimiter(settings.unprovenBodies)
        booksWatch = BooksWatch(
            store: store,
            interval: settings.booksInterval,
            clock: clock,
            logger: logger,
        )
    }

    /// What SOL is worth now; `nil` where it covers nothing.
    var solRate: SOLRate? { settings.solRates.rate(at: time.now()) }

    var placeHold: PlaceHold<Storage> { PlaceHold(store: store, settings: settings) }
    var settle: Settle<Storage> { Settle(store: store, settings: settings, time: time) }

    var runner: InferenceRunner<Storage> {
        InferenceRunner(
            transport: transport,
            settle: settle,
            extend: ExtendHold(store: store, time: time),
            settings: settings,
            live: live,
            clock: clock,
            logger: logger,
            reading: reading,
        )
    }

    /// The service that keeps the leases of this gateway's holds.
    package var holdKeeper: HoldKeeper<Storage> {
        HoldKeeper(
            store: store,
            live: live,
            lease: settings.lease,
            time: time,
            clock: clock,
            logger: logger,
        )
    }

    /// What an operator does to the books.
    package var operations: Operations<Storage> {
        Operations(store: store, rates: rates, time: time)
    }

    /// What is done to keys.
    package var keys: KeyDesk<Storage> {
        KeyDesk(store: store, directory: directory, time: time, identifiers: identifiers)
    }

    /// What is done to deposits.
    package var deposits: DepositDesk<Storage> {
        DepositDesk(store: store, chains: chains, time: time)
    }

    /// What customers take back.
    package var withdrawals: WithdrawalDesk<Storage> {
        WithdrawalDesk(
            store: store,
            rails: settings.rails.filter { settings.payingChains.contains($0.chain) },
            policy: settings.withdrawals,
            solRate: solRate,
            time: time,
        )
    }

    /// What is done to customers.
    package var customers: CustomerDesk<Storage> { CustomerDesk(store: store, time: time) }
}
