import Deposits
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Identity
import Ledger
import Primitives
import RateLimits
import Receipts

/// The routes that paymodel's clients know, beside those that they share with others.
struct PaymodelRoutes<Storage: GatewayStore>: Sendable {
    let gateway: GatewayServices<Storage>
    /// SHA-256 of the operator's key.
    let adminKeyDigest: SecretDigest

    func add(to router: Router<GatewayContext>) {
        router.get("/v1/balance") { try await balance($0, $1) }
        router.get("/v1/usage") { try await usage($0, $1) }
        router.get("/admin/stats") { request, _ in
            try adminKeyDigest.authorize(request)
            return try await stats()
        }
    }

    /// PM-4.
    private func balance(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let key = try await gateway.authenticate(request, context)
        let solRate = gateway.solRate
        let funds = try await gateway.store.read {
            try $0.funds(of: key.customer, solRate: solRate)
        }
        return try Response(
            json: [
                "address": request.headers[.xPayer] ?? key.customer.description,
                "balance": DecimalText.text(funds.dollars.units, decimals: 6),
                "balanceRaw": String(funds.dollars.units), "currency": "USD",
            ],
            keys: .useDefaultKeys,
        )
    }

    /// PM-6: the last seven days, today among them.
    private func usage(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let key = try await gateway.authenticate(request, context)
        let now = gateway.time.now()
        if let wait = gateway.claims.admit("usage \(key.customer)", at: now) {
            throw GatewayError.rateLimited(wait: wait)
        }
        let start = PaymodelUsage.start(at: now)
        let lines = try await gateway.store.read { try $0.usage(of: key.customer, since: start) }
        return try Response(
            json: PaymodelUsage(request.headers[.xPayer] ?? key.customer.description, lines),
            keys: .useDefaultKeys,
        )
    }

    /// PM-7, in dollars over all dollar assets.
    private func stats() async throws -> Response {
        let figures = try await gateway.operations.figures(rails: [:])
        let dollars = figures.assets.filter { $0.key != Asset.sol.rawValue }.values
        func text(_ units: Int64) -> String { DecimalText.text(units, decimals: 6) }
        return try Response(
            json: PaymodelStats(
                totalDeposits: text(dollars.reduce(0) { $0 + $1.deposits }),
                totalRequests: try await gateway.store.read { try $0.receiptCount() },
                totalRevenue: text(dollars.reduce(0) { $0 + $1.charges }),
            ),
            keys: .useDefaultKeys,
        )
    }
}

private struct PaymodelStats: Encodable {
    let totalDeposits: String
    let totalRequests: Int
    let totalRevenue: String
}

/// What a customer used on each day on which it used anything, in the store's order.
struct PaymodelUsage: Encodable {
    /// Where the last seven days begin, today's among them, by UTC.
    static func start(at now: Timestamp) -> Timestamp {
        Timestamp(startOfDay: now.day - 6)
    }

    struct Day: Encodable {
        let date: String
        var requests: Int64 = 0
        var inputTokens: Int64 = 0
        var outputTokens: Int64 = 0
        /// Dollars.
        var cost = ""
        /// How many requests each model had.
        var models: [String: Int64] = [:]
    }

    let address: String
    let usage: [Day]

    init(_ address: String, _ lines: [DailyUsage]) {
        self.address = address
        var days: [(day: Int64, sum: Day, units: Int64)] = []
        for line in lines {
            if days.last?.day != line.day.day {
                days.append((line.day.day, Day(date: String(line.day.iso8601.prefix(10))), 0))
            }
            let last = days.count - 1
            days[last].sum.requests += line.requests
            days[last].sum.inputTokens += line.inputTokens
            days[last].sum.outputTokens += line.outputTokens
            days[last].sum.models[line.model] = line.requests
            days[last].units += line.charge.units
        }
        usage = days.map { day in
            var sum = day.sum
            sum.cost = DecimalText.text(day.units, decimals: 6)
            return sum
        }
    }
}
