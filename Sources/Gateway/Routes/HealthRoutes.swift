import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Primitives

/// What load balancers, monitors and people ask.
struct HealthRoutes<Storage: GatewayStore>: Sendable {
    let gateway: GatewayServices<Storage>
    let version: String
    /// The text of `GET /metrics`.
    let metrics: @Sendable () -> String

    func add(to router: Router<GatewayContext>) {
        router.get("/livez") { _, _ in Response(text: "ok\n") }
        router.get("/readyz") { _, _ in
            let health = await health()
            return Response(text: "\(health.status)\n", status: health.httpStatus)
        }
        router.get("/health") { _, _ in
            let health = await health()
            return try Response(json: health, status: health.httpStatus)
        }
        router.get("/metrics") { _, _ in
            let open = try await gateway.store.read { try $0.openHoldCount() }
            let imbalance = gateway.booksWatch.imbalance.map {
                "# TYPE farebox_ledger_imbalance gauge\nfarebox_ledger_imbalance \($0)\n"
            }
            let gauges =
                (imbalance ?? "") + "# TYPE farebox_holds_open gauge\nfarebox_holds_open \(open)\n"
                + "# TYPE farebox_inferences_live gauge\n"
                + "farebox_inferences_live \(gateway.live.count)\n"
            return Response(text: metrics() + gauges, type: "text/plain; version=0.0.4")
        }
    }

    /// L5-63, with what this gateway is made of.
    private struct Health: Encodable {
        let status: String
        let version: String
        let components: [String: String]

        var httpStatus: HTTPResponse.Status { status == "ok" ? .ok : .serviceUnavailable }
    }

    private func health() async -> Health {
        var components = ["rate_card": gateway.rates.card == nil ? "missing" : "ok"]
        do {
            // A write, however small, shows that the ledger can take money.
            try await gateway.store.write(.visible) { _ in }
            components["database"] = "ok"
        } catch {
            components["database"] = "error"
        }
        let isHealthy = components.values.allSatisfy { $0 == "ok" }
        return Health(
            status: isHealthy ? "ok" : "degraded",
            version: version,
            components: components,
        )
    }
}

extension Response {
    fileprivate init(
        text: String,
        status: HTTPResponse.Status = .ok,
        type: String = "text/plain; charset=utf-8",
    ) {
        self.init(
            status: status,
            headers: [.contentType: type],
            body: .init(byteBuffer: ByteBuffer(string: text)),
        )
    }
}
