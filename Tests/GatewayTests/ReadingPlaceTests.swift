import Gateway
import GatewayTestKit
import HTTPTypes
import Identity
import Logging
import NIOCore
import NIOPosix
import Pricing
import Primitives
import Providers
import Testing

@Suite struct ReadingPlaceTests {
    private let beside: GatedExecutor
    private let services: GatewayServices<MemoryStore>
    private let loop = EventLoopExecutor(MultiThreadedEventLoopGroup.singleton.next())

    init() {
        beside = GatedExecutor()
        services = GatewayServices(
            store: MemoryStore(),
            settings: GatewaySettings(publicURL: nil, holds: HoldPolicy(mode: .adaptive)),
            rates: RateBook(nil),
            upstreams: [],
            transport: ScriptedUpstream(),
            time: HandClock().source,
            identifiers: .seeded(1),
            clock: HandSleeper(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            reading: ReadingPlace(beside: beside),
        )
    }

    /// Asks with so many bytes, on the event loop, and returns the refusal: no prices are published.
    private func ask(bytes: Int) async -> GatewayError? {
        let frame = #"{"model":"m","messages":[{"role":"user","content":""}]}"#
        let text = String(repeating: "x", count: bytes - frame.utf8.count)
        let request = AgentRequest(
            key: Key(
                id: "fbx-000000000000",
                customer: "acme",
                digest: SecretDigest(stored: [UInt8](repeating: 1, count: 32)),
                createdAt: .second(0),
            ),
            headers: [:],
            body: ByteBuffer(string: frame.replacing("\"\"", with: "\"\(text)\"")),
            requestID: "req_1",
            departure: Departure(),
            executor: loop,
        )
        return await withTaskExecutorPreference(loop) {
            do {
                _ = try await Inference(services, .openai).serve(request)
                return nil
            } catch {
                return error as? GatewayError
            }
        }
    }

    @Test func `a request is answered while a large one of its event loop is being read`() async {
        let end = Departure()
        await withTaskGroup(of: GatewayError?.self) { group in
            group.addTask {
                let refusal = await ask(bytes: 1 << 20)
                end.signal()
                return refusal
            }
            while beside.count == 0, !end.isGone { await Task.yield() }
            let wasReadAtOnce = end.isGone
            #expect(!wasReadAtOnce, "it was read on the event loop")
            #expect(await ask(bytes: 1000) == .noRateCard)
            let isStillRead = !end.isGone
            #expect(isStillRead)
            beside.open()
            let late = await group.next() ?? nil
            #expect(late == .noRateCard)
        }
    }

    @Test func `a body is read beside its event loop from the first byte beyond what is short`()
        async
    {
        beside.open()
        #expect(await ask(bytes: ReadingPlace.largestOnLoop) == .noRateCard)
        #expect(beside.count == 0)
        #expect(await ask(bytes: ReadingPlace.largestOnLoop + 1) == .noRateCard)
        #expect(beside.count == 1)
    }

    @Test func `what is asked after a large body was read runs on the event loop again`() async {
        beside.open()
        let reading = services.reading
        await withTaskExecutorPreference(loop) {
            let large = ByteBuffer(repeating: 0, count: 1 << 20)
            let wasOnLoop = await reading.read(large) { _ in isOnLoop() }
            #expect(!wasOnLoop)
            #expect(isOnLoop())
            let staysOnLoop = await reading.read(ByteBuffer()) { _ in isOnLoop() }
            #expect(staysOnLoop)
        }
    }

    /// Whether this thread is that of an event loop.
    private func isOnLoop() -> Bool { MultiThreadedEventLoopGroup.currentEventLoop != nil }

    @Test func `a whole answer of megabytes is read beside the event loop, and charged`()
        async throws
    {
        beside.open()
        let upstream = ScriptedUpstream(contentType: "application/json")
        let world = try await InferenceWorld(
            upstream,
            isStream: false,
            reading: ReadingPlace(beside: beside),
        )
        let text = String(repeating: "x", count: 1 << 20)
        let body =
            "{\"choices\":[{\"message\":{\"content\":\"\(text)\"}}],"
            + "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":5}}"
        upstream.send(body)
        upstream.end()
        let (head, answer) = await world.run()
        #expect(beside.count == 1)
        #expect(answer.utf8.count == body.utf8.count)
        #expect(head?.headers[.balanceRemaining] == "999868")
        try await world.expectQuiet()
    }
}
