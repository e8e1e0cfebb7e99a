import FoundationEssentials
import HTTPTypes
import Hummingbird
import Identity
import Ledger
import Pricing
import Primitives
import Providers

/// The operator's routes, behind `X-Admin-Key`.
struct OperatorRoutes<Storage: GatewayStore>: Sendable {
    let gateway: GatewayServices<Storage>
    /// SHA-256 of the operator's key.
    let adminKeyDigest: SecretDigest

    private var operations: Operations<Storage> { gateway.operations }

    func add(to router: Router<GatewayContext>) {
        router.get("/v1/admin/stats") { request, _ in
            try authorize(request)
            let rails = try await gateway.deposits.solvency()
            return try Response(json: try await operations.figures(rails: rails))
        }
        router.get("/v1/admin/holds") { request, _ in
            try authorize(request)
            let open = try await gateway.store.read { try $0.openHoldCount() }
            return try Response(json: ["open": open, "live": gateway.live.count])
        }
        router.post("/v1/admin/grants") { request, context in
            try authorize(request)
            let order = try await gateway.decoded(GrantOrder.self, request, context)
            return try Response(json: try await operations.grant(order))
        }
        router.post("/v1/admin/refunds") { request, context in
            try authorize(request)
            let order = try await gateway.decoded(RefundOrder.self, request, context)
            return try Response(json: try await operations.refund(order))
        }
        router.get("/v1/admin/trial-balance") { request, _ in
            try authorize(request)
            return try Response(json: try await operations.trialBalance())
        }
        addCustomerRoutes(to: router)
        addKeyRoutes(to: router)
        addDepositRoutes(to: router)
        addWithdrawalRoutes(to: router)
        router.post("/v1/admin/rates") { request, context in
            try authorize(request)
            let draft = try await gateway.decoded(RateCardDraft.self, request, context)
            return try Response(json: try await operations.publish(draft))
        }
    }

    private func addCustomerRoutes(to router: Router<GatewayContext>) {
        let customers = gateway.customers
        router.get("/v1/admin/customers/:id") { request, context in
            try authorize(request)
            return try Response(json: try await customers.show(context.customerID))
        }
        router.patch("/v1/admin/customers/:id") { request, context in
            try authorize(request)
            let wish = try await gateway.decoded(CustomerChange.self, request, context)
            return try Response(json: try await customers.change(context.customerID, wish))
        }
    }

    private func addKeyRoutes(to router: Router<GatewayContext>) {
        let keys = gateway.keys
        router.get("/v1/admin/keys") { request, _ in
            try authorize(request)
            let customer = request.uri.queryParameters["customer"].map { CustomerID(String($0)) }
            return try Response(json: try await keys.list(of: customer))
        }
        router.post("/v1/admin/keys") { request, context in
            try authorize(request)
            let order = try await gateway.decoded(KeyOrder.self, request, context)
            return try Response(json: try await keys.create(order))
        }
        router.get("/v1/admin/keys/:id") { request, context in
            try authorize(request)
            return try Response(json: try await keys.show(context.keyID, of: nil))
        }
        router.patch("/v1/admin/keys/:id") { request, context in
            try authorize(request)
            let wish = try await gateway.decoded(KeyChange.self, request, context)
            return try Response(json: try await keys.change(context.keyID, wish, of: nil))
        }
        router.post("/v1/admin/keys/:id/revoke") { request, context in
            try authorize(request)
            return try Response(json: try await keys.revoke(context.keyID, of: nil))
        }
        router.post("/v1/admin/keys/:id/rotate") { request, context in
            try authorize(request)
            return try Response(json: try await keys.rotate(context.keyID, of: nil))
        }
    }

    private func addDepositRoutes(to router: Router<GatewayContext>) {
        let deposits = gateway.deposits
        router.get("/v1/admin/deposits") { request, _ in
            try authorize(request)
            let (state, after, limit) = try request.page
            return try Response(
                json: try await deposits.list(
                    DepositQuery(state: state, after: after, limit: limit)
                )
            )
        }
        router.get("/v1/admin/deposits/:chain/:transaction/:event") { request, context in
            try authorize(request)
            return try Response(json: try await deposits.show(context.depositID))
        }
        router.post("/v1/admin/deposits/:chain/:transaction/:event/assign") { request, context in
            try authorize(request)
            let order = try await gateway.decoded(AssignmentOrder.self, request, context)
            return try Response(json: try await deposits.assign(context.depositID, order))
        }
        router.post("/v1/admin/deposits/:chain/:transaction/:event/reject") { request, context in
            try authorize(request)
            let order = try await gateway.decoded(RejectionOrder.self, request, context)
            return try Response(json: try await deposits.reject(context.depositID, order))
        }
    }

    private func addWithdrawalRoutes(to router: Router<GatewayContext>) {
        let withdrawals = gateway.withdrawals
        router.get("/v1/admin/withdrawals") { request, _ in
            try authorize(request)
            let (state, after, limit) = try request.page
            return try Response(
                json: try await withdrawals.list(
                    WithdrawalQuery(state: state, after: after, limit: limit)
                )
            )
        }
        router.get("/v1/admin/withdrawals/:customer/:id") { request, context in
            try authorize(request)
            return try Response(json: try await withdrawals.show(context.withdrawalID))
        }
        router.post("/v1/admin/withdrawals/:customer/:id/approve") { request, context in
            try authorize(request)
            let order = try await gateway.decoded(ApprovalOrder.self, request, context)
            return try Response(
                json: try await withdrawals.approve(context.withdrawalID, order)
            )
        }
        router.post("/v1/admin/withdrawals/:customer/:id/reject") { request, context in
            try authorize(request)
            let order = try await gateway.decoded(RejectionOrder.self, request, context)
            return try Response(json: try await withdrawals.reject(context.withdrawalID, order))
        }
        router.post("/v1/admin/withdrawals/:customer/:id/fail") { request, context in
            try authorize(request)
            let order = try await gateway.decoded(RejectionOrder.self, request, context)
            return try Response(json: try await withdrawals.giveUp(context.withdrawalID, order))
        }
    }

    private func authorize(_ request: Request) throws(IdentityError) {
        try adminKeyDigest.authorize(request)
    }
}

extension Request {
    /// Which page of a list is asked for.
    fileprivate var page: (state: String?, after: String?, limit: Int?) {
        get throws(GatewayError) {
            let query = uri.queryParameters
            let limit = try query["limit"].map { text throws(GatewayError) in
                guard let limit = Int(text) else { throw .invalidParameter("limit") }
                return limit
            }
            return (query["state"].map(String.init), query["after"].map(String.init), limit)
        }
    }
}

extension SecretDigest {
    /// Checks that the request carries the operator's key, whose digest this is.
    ///
    /// - Throws: ``IdentityError``; the comparison takes the same time for every wrong key.
    func authorize(_ request: Request) throws(IdentityError) {
        guard let presented = request.headers[.adminKey] else { throw .missingAdminKey }
        guard Secret(presented: presented).digest == self else { throw .invalidAdminKey }
    }
}

extension HTTPField.Name {
    static let adminKey = known("x-admin-key")
}
