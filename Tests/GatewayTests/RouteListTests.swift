import Forwarding
import Foundation
import Gateway
import GatewayTestKit
import Hummingbird
import Identity
import Logging
import Pricing
import Testing

extension GatewayApplication<MemoryStore> {
    /// One that has nothing to serve.
    static var bare: GatewayApplication {
        let clock = HandClock()
        let services = GatewayServices(
            store: MemoryStore(),
            settings: GatewaySettings(publicURL: nil, holds: HoldPolicy(mode: .adaptive)),
            rates: RateBook(nil),
            upstreams: [],
            transport: ScriptedUpstream(),
            time: clock.source,
            identifiers: .seeded(1),
            clock: HandSleeper(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        )
        return GatewayApplication(
            services: services,
            adminKey: Secret(presented: "operator"),
            version: "test",
            metrics: { "" },
        )
    }
}

struct RouteListTests {
    /// The routes that the journeys try every wrong credential on, as `METHOD PATH`.
    private func listed() throws -> Set<String> {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Journeys/routes.txt")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        return Set(
            lines.filter { !$0.hasPrefix("#") }
                .map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        )
    }

    @Test func `every route is on the list of those that want a credential or do not`() throws {
        let served = Set(
            GatewayApplication.bare.servedRoutes().routes.map { "\($0.method) \($0.path)" }
        )
        let listed = try listed()
        #expect(served.subtracting(listed) == [], "add these to Tests/Journeys/routes.txt")
        #expect(listed.subtracting(served) == [], "these are routes no more")
        #expect(served.count > 30)
    }
}
