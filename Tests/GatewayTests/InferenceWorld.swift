import Forwarding
import Gateway
import GatewayTestKit
import HTTPTypes
import Identity
import Ledger
import Logging
import NIOCore
import Pricing
import Primitives
import Providers
import RateLimits
import Receipts
import Testing

extension MemoryStore: GatewayStore {}

/// One customer with 1 USD, one held inference, and an upstream that says what the test wants.
struct InferenceWorld {
    let store = MemoryStore()
    let clock = HandSleeper()
    let time = HandClock()
    let downstream: Downstream
    let departure = Departure()
    /// Signals that the agent has read the head.
    let headSeen = Departure()
    let upstream: ScriptedUpstream
    let held: HeldInference
    let live = LiveHolds(limit: 10)
    let settings: GatewaySettings
    let reading: ReadingPlace

    init(
        _ upstream: ScriptedUpstream,
        isStream: Bool = true,
        isRetriable: Bool = false,
        policy: DisconnectPolicy = .drain,
        maxTokens: Int64 = 100,
        admission: Admission? = nil,
        reading: ReadingPlace = ReadingPlace(),
    ) async throws {
        self.upstream = upstream
        self.reading = reading
        let budget = ReplayBudget(total: 1 << 20, each: 1 << 20)
        downstream = Downstream(keepingWithin: isRetriable ? budget : nil)
        var settings = GatewaySettings(publicURL: nil, holds: HoldPolicy(mode: .adaptive))
        settings.headTimeout = .seconds(40)
        settings.idleTimeout = .seconds(20)
        settings.drain = .seconds(5)
        self.settings = settings
        let card = try RateCardDraft.sample().published()
        var keySettings = KeySettings()
        keySettings.onDisconnect = policy
        let key = Key(
            id: "fbx-000000000000",
            customer: "acme",
            digest: SecretDigest(stored: [UInt8](repeating: 1, count: 32)),
            settings: keySettings,
            createdAt: .second(0),
        )
        try await store.write(.durable) { transaction in
            try transaction.register(.sample("acme"), key)
            _ = try transaction.give(.sample("g1", to: "acme", 1_000_000), at: .second(0))
            try transaction.publishOnce(card, at: .second(0))
        }
        let body =
            "{\"model\":\"sample\",\"stream\":\(isStream),\"max_tokens\":\(maxTokens),"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"
        let request = try InferenceRequest(.openai, body: ByteBuffer(string: body))
        let rate = try #require(card.index()["sample"])
        let demand = try Demand(request.shape, of: rate)
        let placed = try await PlaceHold(store: store, settings: settings)(
            "inf_1",
            Quote(rate: rate, demand: demand),
            key: key,
            rateCard: card.version,
            at: time.now,
        )
        held = HeldInference(
            request: request,
            key: key,
            rate: rate,
            upstream: Upstream(
                name: "openai",
                dialect: .openai,
                baseURL: "http://upstream",
                credential: "sk-upstream",
            ),
            demand: demand,
            placed: placed,
            admission: admission,
        )
    }

    /// Runs the inference beside what a test does meanwhile, and returns what the agent was sent.
    func run(
        _ meanwhile: @escaping @Sendable () async -> Void = {}
    ) async -> (head: AnswerHead?, text: String) {
        let runner = InferenceRunner(
            transport: upstream,
            settle: Settle(store: store, settings: settings, time: time.source),
            extend: ExtendHold(store: store, time: time.source),
            settings: settings,
            live: live,
            clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            reading: reading,
        )
        _ = downstream.audience.join(departure)
        async let inference: Void = runner.run(
            held,
            agentHeaders: [:],
            requestID: "req_1",
            downstream: downstream,
        )
        async let agent = read()
        // What happens meanwhile is cancelled when the inference is over.
        async let _: Void = meanwhile()
        await inference
        return await agent
    }

    /// What an agent gets that asks for the same once it is over.
    func readAgain() async -> String { await read().text }

    private func read() async -> (head: AnswerHead?, text: String) {
        let head = await downstream.head()
        headSeen.signal()
        var text = head?.body.map { String(buffer: $0) } ?? ""
        var offset = 0
        while case .bytes(let bytes) = await downstream.next(from: offset) {
            offset += bytes.readableBytes
            text += String(buffer: bytes)
        }
        return (head, text)
    }

    /// Another request for the same joins, and the inference has taken note of it.
    func askAgain(_ departure: Departure) async {
        #expect(downstream.audience.join(departure))
        while downstream.isGone { await Task.yield() }
    }

    /// Returns when the inference has taken note that nobody listens.
    func untilDeserted() async {
        while !downstream.isGone { await Task.yield() }
    }

    var receipt: Receipt? {
        get async throws { try await store.read { $0.receipt("inf_1") } }
    }

    var hold: Hold? {
        get async throws { try await store.read { $0.hold("inf_1") } }
    }

    /// The books are clean and nothing is held.
    func expectQuiet() async throws {
        let audit = try await store.read { try $0.auditLedger() }
        #expect(audit.openHoldCount == 0)
        try await store.read { transaction in
            var receipts = ReceiptAuditor()
            try receipts.audit(&transaction)
        }
    }
}

/// OpenAI's chunks, as short as they can be.
enum Chunk {
    static func text(_ text: String) -> String {
        "data: {\"id\":\"c1\",\"created\":1,\"model\":\"sample\","
            + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\(text)\"}}]}\n\n"
    }

    static func usage(_ input: Int, _ output: Int) -> String {
        "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":\(input),"
            + "\"completion_tokens\":\(output)}}\n\n"
    }

    static let done = "data: [DONE]\n\n"
}
