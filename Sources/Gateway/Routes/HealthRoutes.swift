import Deposits
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Pricing
import Primitives
import Watching

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
            return try Response(json: health, status: health.httpStatus, keys: .useDefaultKeys)
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
            return Response(
                text: metrics() + gauges + solRateAge + (try await deposits()),
                type: "text/plain; version=0.0.4",
            )
        }
    }

    /// How old a source's last rate of SOL is, believed or not; nothing before the first.
    private var solRateAge: String {
        guard let quotedAt = gateway.settings.solRates.quotedAt else { return "" }
        let age = (gateway.time.now().microseconds - quotedAt.microseconds) / 1_000_000
        return "# TYPE farebox_sol_rate_age_seconds gauge\nfarebox_sol_rate_age_seconds \(age)\n"
    }

    /// How many transactions that each node of a chain lists could not be read yet, and how many steps of the
    /// chain's deposits an operator should have heard of, by the books; nothing where none is watched.
    private func deposits() async throws -> String {
        let chains = gateway.settings.rails.map(\.chain)
        guard !chains.isEmpty else { return "" }
        let (unread, alerts) = try await gateway.store.read { transaction in
            (
                try chains.map { try transaction.unreadCounts(on: $0) },
                try chains.map { try transaction.alertCounts(on: $0) },
            )
        }
        let unreadLines = zip(chains, unread).flatMap { lines(ofUnread: $1, on: $0) }
        // A kind that there is none of is told, too: whoever watches it sees the first one.
        let stepLines = zip(chains, alerts).flatMap { chain, counts in
            DepositStep.Kind.allCases.filter(\.isAlert).map { kind in
                "farebox_deposit_steps{chain=\"\(chain)\",kind=\"\(kind.rawValue)\"} "
                    + "\(counts[kind, default: 0])\n"
            }
        }
        return "# TYPE farebox_unread_transactions gauge\n" + unreadLines.joined()
            + "# TYPE farebox_deposit_steps gauge\n" + stepLines.joined()
    }

    /// A line for each node that there is, or was once.
    private func lines(ofUnread counts: [Int: Int], on chain: String) -> [String] {
        let configured = Set(1...max(1, gateway.settings.nodes[chain] ?? 1))
        return configured.union(counts.keys).sorted().map { node in
            "farebox_unread_transactions{chain=\"\(chain)\",node=\"\(node)\"} "
                + "\(counts[node, default: 0])\n"
        }
    }

    /// L5-63 and PM-1, with what this gateway is made of.
    private struct Health: Encodable {
        /// The first EVM chain on which deposits are taken.
        struct Chain: Encodable {
            let name: String
            let chainId: UInt64
            let token: String
            let tokenAddress: String
        }

        let status: String
        let version: String
        let components: [String: String]
        let chain: Chain?
        let models: [String]

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
            chain: gateway.settings.rails.lazy.compactMap(chain).first,
            models: (gateway.rates.card?.rates ?? [])
                .filter { gateway.upstreams[$0.upstream] != nil }.map(\.model),
        )
    }

    private func chain(_ rail: DepositRail) -> Health.Chain? {
        guard case .evm(let id, _) = rail.network, let coin = rail.coins.first,
            let token = coin.token
        else { return nil }
        return Health.Chain(
            name: rail.chain,
            chainId: id,
            token: coin.asset.rawValue,
            tokenAddress: token,
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
