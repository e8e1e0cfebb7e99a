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
import Receipts
import Simulation
import Synchronization

/// One life of a gateway process: the real stages of an inference on a simulated store.
final class Life: Sendable {
    /// The first life of a schedule is number 0.
    let number: Int
    let store: SimulatedStore
    let upstream: LyingUpstream
    let world: World
    let services: GatewayServices<SimulatedStore>
    private let departures = Mutex<[Departure]>([])

    /// The commit of number `failing` fails; `onFailure` is called when it has, after which a process
    /// ends itself.
    init(
        _ world: World,
        _ number: Int,
        _ books: MemoryBooks,
        seed: UInt64,
        failing: Int?,
        onFailure: @escaping @Sendable () -> Void,
    ) throws {
        (self.world, self.number) = (world, number)
        store = SimulatedStore(
            books,
            seed: seed,
            failing: failing,
            complain: { world.complain("life \(number): \($0)") },
            onFailure: onFailure,
        )
        var plans: [String: AgentPlan] = [:]
        for (number, plan) in world.plans.enumerated() {
            plans[plan.retryOf.map { "r\($0)" } ?? "p\(number)"] = plan
        }
        upstream = LyingUpstream(plans, clock: world.clock)
        var settings = GatewaySettings(
            publicURL: nil,
            holds: HoldPolicy(mode: .adaptive, outputFloor: 8),
        )
        settings.lease = .seconds(3)
        settings.drain = .milliseconds(700)
        settings.headTimeout = .seconds(5)
        settings.idleTimeout = .seconds(4)
        settings.totalTimeout = .seconds(20)
        settings.replayLifetime = .seconds(30)
        // Room for all, for some of one answer, for one answer, for none but that it was asked.
        settings.replayAnswerLimit = [8 << 20, 2000, 8 << 20, 1100][Int(seed % 4)]
        settings.replayLimit = [256 << 20, 256 << 20, 4000, 2200][Int(seed % 4)]
        settings.holdStep = 16
        settings.solRates = SOLRateBook(World.solRate)
        let clock = world.clock
        // The wall clock: the one that sleepers go by, and what somebody has turned it by.
        let time = TimeSource {
            Timestamp.second(0).advanced(by: HandSleeper.Instant.zero.duration(to: clock.now))
                .advanced(by: world.turned)
        }
        services = GatewayServices(
            store: store,
            settings: settings,
            rates: RateBook(books.publications.last.flatMap { books.cards[$0.version] }),
            upstreams: [
                Upstream(
                    name: "openai",
                    dialect: .openai,
                    baseURL: "http://upstream",
                    credential: "secret",
                )
            ],
            transport: upstream,
            time: time,
            identifiers: IdentifierSource(time: time, random: SeededRandom(seed: seed).source),
            clock: clock,
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() },
        )
    }

    /// Starts as a process does, lets the agents do what they plan, and ends when all is over.
    func run(agents: [Int]) async {
        let (services, store) = (services, store)
        await withTaskGroup { group in
            group.addTask { await store.run() }
            do {
                try await services.holdKeeper.expireAll()
            } catch {
                if !store.isDead, !store.hasFailed { world.complain("the start: \(error)") }
            }
            group.addTask { try? await services.supervisor.run() }
            group.addTask { try? await services.holdKeeper.run() }
            group.addTask { await self.operate() }
            await withTaskGroup { crowd in
                for agent in agents { crowd.addTask { await self.act(agent) } }
            }
            services.supervisor.stop(after: .seconds(60))
            await self.quiet()
            store.finish()
            group.cancelAll()
        }
    }

    /// Returns when no inference runs any more.
    private func quiet() async {
        while services.live.count > 0 {
            do { try await world.clock.sleep(for: .milliseconds(50)) } catch { return }
        }
    }

    /// The process died: every connection is reset.
    func cutConnections() {
        let all = departures.withLock(\.self)
        for departure in all { departure.signal() }
    }

    private func act(_ agent: Int) async {
        let plan = world.plans[agent]
        let departure = Departure()
        departures.withLock { $0.append(departure) }
        do { try await world.clock.sleep(for: .milliseconds(plan.start)) } catch { return }
        await withTaskGroup { group in
            if case .after(let milliseconds) = plan.leaving {
                group.addTask {
                    do { try await self.world.clock.sleep(for: .milliseconds(milliseconds)) } catch
                    { return }
                    departure.signal()
                }
            }
            await self.ask(agent, plan, departure)
            group.cancelAll()
        }
    }

    private func ask(_ agent: Int, _ plan: AgentPlan, _ departure: Departure) async {
        var headers = HTTPFields()
        if let attempt = plan.attempt {
            headers[.retryCount] = "\(attempt)"
        } else if let retry = plan.retryOf {
            headers[.idempotencyKey] = "ask-\(retry)"
        }
        let key: Key?? = try? await store.read { $0.key(KeyID("k\(plan.customer)\(plan.key)")) }
        guard let key = key ?? nil else { return world.complain("the key is gone") }
        let asking = AgentRequest(
            key: key,
            headers: headers,
            body: ByteBuffer(string: plan.body(agent)),
            requestID: "req_\(agent)",
            departure: departure,
        )
        do {
            let connection = try await Inference(services, .openai).serve(asking)
            await read(agent, plan, connection, departure)
        } catch let failure as any Failure {
            if failure.kind == .broken { world.complain("agent \(agent) was told \(failure.code)") }
        } catch {
            world.complain("agent \(agent) was told \(error)")
        }
    }

    private func read(
        _ agent: Int,
        _ plan: AgentPlan,
        _ connection: AgentConnection,
        _ departure: Departure,
    ) async {
        let downstream = connection.downstream
        guard let head = await downstream.head() else { return }
        guard head.status == 200, let receipt = head.headers[.receipt] else { return }
        var heard = Heard(
            agent: agent,
            receipt: InferenceID(receipt),
            life: number,
            text: head.body.map { String(buffer: $0) } ?? "",
        )
        var (offset, pieces) = (0, 0)
        reading: while !departure.isGone {
            switch await downstream.next(from: offset) {
            case .bytes(let bytes):
                offset += bytes.readableBytes
                heard.text += String(buffer: bytes)
                pieces += 1
            case .end:
                heard.isOver = !departure.isGone
                break reading
            case .lost: break reading
            }
            if case .afterPieces(let most) = plan.leaving, pieces > most { departure.signal() }
        }
        world.hear(heard, in: self)
    }
}
