import Deposits
import FoundationEssentials
import Hummingbird
import Identity
import Ledger
import Primitives
import RateLimits
import Watching

extension GatewayServices {
    /// How the caller's customer pays in, and what it has paid with (PM-3).
    func addDepositRoutes(to router: Router<GatewayContext>) {
        router.get("/v1/deposit") { request, context in
            let key = try await authenticate(request, context)
            let customer = try await store.read { try $0.customer(key.customer) }
            guard let customer else { throw IdentityError.customerNotFound }
            return try Response(json: Funding(customer, missing: nil, settings, at: time.now()))
        }
        router.post("/v1/deposit") { try await claimDeposit($0, $1) }
        // What a webhook says is not believed: it only makes us look.
        router.post("/v1/hooks/:chain") { _, context in
            let name = context.parameters.get("chain") ?? ""
            guard let chain = chains.first(where: { $0.rail.chain == name }) else {
                throw GatewayError.routeNotFound
            }
            if let wait = claims.admit("hook \(name)", at: time.now()) {
                throw GatewayError.rateLimited(wait: wait)
            }
            chain.hint()
            return Response(status: .accepted)
        }
    }

    /// Looks at a transaction at once; it is credited to whom its memo, its reference or its proven
    /// sender names, never to who asks.
    private func claimDeposit(
        _ request: Request,
        _ context: GatewayContext,
    ) async throws -> Response {
        let (key, body) = try await authenticatedBody(
            of: request,
            context,
            upTo: JSONRequest.largestShort,
        )
        let order = try await reading.read(body) {
            try JSONRequest.value(DepositClaimOrder.self, of: $0)
        }
        if let wait = claims.admit(key.customer.description, at: time.now()) {
            throw GatewayError.rateLimited(wait: wait)
        }
        let outcomes = try await deposits.claim(order.txHash, on: order.chain)
        let solRate = solRate
        let funds = try await store.read { try $0.funds(of: key.customer, solRate: solRate) }
        let answer = try DepositClaimAnswer(
            order.txHash,
            outcomes,
            of: key.customer,
            balance: funds.dollars,
        )
        return try Response(
            json: answer,
            status: answer.isSettled ? .ok : .accepted,
            keys: .useDefaultKeys,
        )
    }
}

/// The transaction that a customer says it has paid with.
struct DepositClaimOrder: Decodable, Sendable {
    let txHash: String
    let chain: String?

    private enum CodingKeys: String, CodingKey, CaseIterable { case txHash, chain }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        txHash = try fields.decode(String.self, forKey: .txHash)
        chain = try fields.decodeIfPresent(String.self, forKey: .chain)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

/// What a transaction brought its customer (PM-3).
struct DepositClaimAnswer: Encodable {
    struct Transfer: Encodable {
        let from: String?
        let amount: String
        let blockNumber: Int64?
    }

    struct Part: Encodable {
        let id: String
        let state: String
        let asset: Asset
        let amount: String
    }

    let message: String
    let txHash: String
    /// Dollars that this very look brought in.
    let credited: String
    /// Dollars that are available.
    let balance: String
    let balanceRaw: String
    /// The first of what is new.
    let transfer: Transfer?
    let deposits: [Part]
    /// Whether all of it is credited.
    let isSettled: Bool

    private enum CodingKeys: String, CodingKey {
        case message, txHash, credited, balance, balanceRaw, transfer, deposits
    }

    /// - Throws: `DepositError.depositCreditedToAnother` where all of it is others'.
    init(
        _ transaction: String,
        _ outcomes: [DepositOutcome],
        of customer: CustomerID,
        balance: Amount,
    ) throws {
        let own = outcomes.filter { outcome in
            if case .credited(let owner) = outcome.deposit.state { owner == customer } else { true }
        }
        guard !own.isEmpty else { throw DepositError.depositCreditedToAnother }
        let new = own.filter { outcome in
            outcome.deposit.state == .credited(customer)
                && outcome.newSteps.contains { $0.kind == .credited }
        }
        txHash = transaction
        isSettled = own.allSatisfy { $0.deposit.state == .credited(customer) }
        let sum = new.filter { $0.deposit.event.asset != .sol }
            .reduce(Int64(0)) { $0 + $1.deposit.event.amount.units }
        credited = DecimalText.text(sum, decimals: 6)
        self.balance = DecimalText.text(balance.units, decimals: 6)
        balanceRaw = String(balance.units)
        transfer = new.first.map(\.deposit).map { deposit in
            Transfer(
                from: deposit.event.sender.map { "\($0)" },
                amount: deposit.amountText,
                blockNumber: deposit.block?.number,
            )
        }
        deposits = own.map(\.deposit).map { deposit in
            Part(
                id: "\(deposit.id)",
                state: deposit.state.stage.rawValue,
                asset: deposit.event.asset,
                amount: deposit.amountText,
            )
        }
        let first = own.first { $0.deposit.state != .credited(customer) }?.deposit.state.stage
        message =
            switch first {
            case nil: new.isEmpty ? "already credited" : "credited"
            case .seen:
                "seen; once the chain will not take it back it is credited, or waits for an operator "
                    + "where it names no code or wallet that we know"
            case .suspended: "arrived without a code or a wallet that we know; an operator decides"
            case .reversed: "it has left the chain"
            case .credited, .rejected: "an operator has refused it"
            }
    }
}

extension Deposit {
    fileprivate var amountText: String {
        DecimalText.text(event.amount.units, decimals: event.asset.decimals)
    }
}

extension GatewayContext {
    /// The deposit that the path names.
    var depositID: String {
        ["chain", "transaction", "event"].map { parameters.get($0) ?? "" }.joined(separator: "/")
    }
}
