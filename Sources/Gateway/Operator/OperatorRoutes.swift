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
            let query = request.uri.queryParameters
            let limit = try query["limit"].map { text throws(GatewayError) in
                guard let limit = Int(text) else { throw .invalidParameter("limit") }
                return limit
            }
            return try Response(
                json: try await deposits.list(
                    DepositQuery(
                        state: query["state"].map(String.init),
                        after: query["after"].map(String.init),
                        limit: limit,
                    )
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

    private func authorize(_ request: Request) throws(IdentityError) {
        try adminKeyDigest.authorize(request)
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
