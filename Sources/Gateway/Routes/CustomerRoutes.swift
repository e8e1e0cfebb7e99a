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
        let address = clientAddress(of: request, context)
        if let wait = registrations.admit(address, at: time.now()) {
            throw GatewayError.rateLimited(wait: wait)
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
                    funding: Funding(customer, missing: nil, settings, at: time.now())
                        .instructions,
                ),
            )
        )
    }

    /// Where an agent is: what the proxy before us states, if one is trusted, else the connection's address.
    ///
    /// A proxy adds its word at the end: whatever stands before it may be the agent's own. It is as
    /// ``CallerAddress`` counts it.
    func clientAddress(of request: Request, _ context: GatewayContext) -> String {
        CallerAddress.counted(statedAddress(of: request) ?? context.remoteAddress)
    }

    private func statedAddress(of request: Request) -> String? {
        guard let name = settings.clientAddressHeader.flatMap({ HTTPField.Name($0) }),
            let line = request.headers[values: name].last
        else { return nil }
        let last = line.split(separator: ",", omittingEmptySubsequences: false).last ?? ""
        let address = last.filter { $0 != " " && $0 != "\t" }
        return address.isEmpty ? nil : address
    }

    /// The balance (L5-66): works from registration on.
    private func balance(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let key = try await authenticate(request, context)
        let solRate = solRate
        let (funds, isActive) = try await store.read { transaction in
            let funds = try transaction.funds(of: key.customer, solRate: solRate)
            return (funds, funds.balances.contains { $0.balance.credits > .zero })
        }
        if try view(of: request) == .perThousand {
            return try Response(json: BalancesByMint(key.customer, funds, settings.rails))
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
        let (total, rows) = try await store.read { transaction in
            let lines = try transaction.statement(
                of: key.customer,
                skipping: (page - 1) * limit,
                limit: limit,
            )
            return (
                try transaction.statementLength(of: key.customer),
                try lines.map { try Statement.Row($0, lamports: transaction.lamports(of: $0)) },
            )
        }
        return try Response(
            json: Statement(
                apiToken: key.id.description,
                page: page,
                limit: limit,
                total: total,
                transactions: rows,
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

extension LedgerTransaction {
    /// What an inference was charged in SOL: the hold knows what it was taken from, its receipt does
    /// not.
    fileprivate mutating func lamports(of line: StatementLine) throws -> Amount? {
        switch line {
        case .receipt(let receipt): try hold(receipt.id)?.chargedLamports
        case .credit, .debit: nil
        }
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
