import HTTPTypes
import Hummingbird
import Identity
import Ledger
import Metering
import Primitives
import RateLimits
import Receipts

extension GatewayServices {
    /// Level5's account routes, and receipts.
    func addCustomerRoutes(to router: Router<GatewayContext>) {
        router.post("/v1/register") { try await register($0, $1) }
        router.get("/proxy/:token/balance") { try await balance($0, $1) }
        router.get("/proxy/:token/transactions") { try await transactions($0, $1) }
        router.get("/v1/receipts/:id") { try await receipt($0, $1) }
    }

    /// Registers a customer (L5-64).
    private func register(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let address =
            settings.clientAddressHeader.flatMap { HTTPField.Name($0) }
            .flatMap { request.headers[$0] } ?? context.remoteAddress
        if let wait = registrations.admit(address, at: time.now()) {
            var response = Surface.plain.answer(
                GatewayError.rateLimited,
                requestID: context.requestID,
            )
            response.headers[.retryAfter] = String(max(1, wait.components.seconds + 1))
            return response
        }
        let (customer, secret) = try await keys.register()
        let url = publicURL(of: request)
        return try Response(
            json: Registration(
                apiToken: secret.text,
                customer: customer.id.description,
                depositCode: customer.depositCode,
                baseUrl: "\(url)/proxy/\(secret.text)",
                status: "pending_deposit",
                instructions: Registration.Instructions(
                    openaiBaseUrl: "\(url)/v1",
                    anthropicBaseUrl: url,
                    funding: "Ask the operator for a grant to this customer.",
                ),
            )
        )
    }

    /// The balance (L5-66): works from registration on.
    private func balance(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let key = try await authenticate(request, context)
        let solRate = settings.solRate
        let (funds, isActive) = try await store.read { transaction in
            let funds = try transaction.funds(of: key.customer, solRate: solRate)
            return (funds, funds.balances.contains { $0.balance.credits > .zero })
        }
        let byAsset = funds.balances.map { ($0.asset.rawValue, BalanceAnswer.Part($0.balance)) }
        return try Response(
            json: BalanceAnswer(
                apiToken: key.id.description,
                customer: key.customer.description,
                usdcBalance: funds.dollars.units,
                isActive: isActive,
                status: isActive ? "active" : "pending_deposit",
                balances: Dictionary(byAsset, uniquingKeysWith: { first, _ in first }),
            )
        )
    }

    /// The statement (L5-67, L5-68), newest first.
    private func transactions(
        _ request: Request,
        _ context: GatewayContext,
    ) async throws -> Response {
        let key = try await authenticate(request, context)
        let page = try request.count("page", default: 1, in: 1...1_000_000)
        let limit = try request.count("limit", default: 50, in: 1...500)
        let (total, lines) = try await store.read { transaction in
            (
                try transaction.statementLength(of: key.customer),
                try transaction.statement(
                    of: key.customer,
                    skipping: (page - 1) * limit,
                    limit: limit,
                ),
            )
        }
        return try Response(
            json: Statement(
                apiToken: key.id.description,
                page: page,
                limit: limit,
                total: total,
                transactions: lines.map(Statement.Row.init),
            )
        )
    }

    /// One receipt, to its owner alone.
    private func receipt(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let key = try await authenticate(request, context)
        let id = InferenceID(context.parameters.get("id") ?? "")
        let receipt = try await store.read { try $0.receipt(id) }
        guard let receipt, receipt.customer == key.customer else {
            throw GatewayError.receiptNotFound
        }
        return try Response(json: ReceiptAnswer(receipt))
    }
}

extension Request {
    /// A whole number from the query.
    fileprivate func count(
        _ name: String,
        default missing: Int,
        in range: ClosedRange<Int>,
    ) throws(GatewayError) -> Int {
        guard let text = uri.queryParameters[Substring(name)] else { return missing }
        guard let count = Int(text), range.contains(count) else { throw .invalidParameter(name) }
        return count
    }
}
