import Hummingbird
import Identity
import Primitives

extension GatewayServices {
    /// The keys of the caller's own customer, in OpenRouter's shapes:
    /// https://openrouter.ai/docs/api-reference/api-keys.
    func addKeyRoutes(to router: Router<GatewayContext>) {
        router.get("/v1/key") { request, context in
            let key = try await authenticate(request, context)
            return try Response(json: try await keys.show(key.id, of: key.customer))
        }
        router.get("/v1/keys") { request, context in
            let manager = try await manager(request, context)
            return try Response(json: try await keys.list(of: manager.customer))
        }
        router.post("/v1/keys") { request, context in
            _ = try await manager(request, context)
            let wish = try await keyChange(request, context)
            // As the key is now: the body may have taken its time.
            let manager = try await manager(request, context)
            let made = try await keys.create(wish, of: manager.customer, isOperator: false)
            return try Response(json: made, status: .created)
        }
        router.get("/v1/keys/:id") { request, context in
            let manager = try await manager(request, context)
            return try Response(json: try await keys.show(context.keyID, of: manager.customer))
        }
        router.patch("/v1/keys/:id") { request, context in
            _ = try await manager(request, context)
            let wish = try await keyChange(request, context)
            let manager = try await manager(request, context)
            let changed = try await keys.change(context.keyID, wish, of: manager.customer)
            return try Response(json: changed)
        }
        router.delete("/v1/keys/:id") { request, context in
            let manager = try await manager(request, context)
            _ = try await keys.revoke(context.keyID, of: manager.customer)
            return try Response(json: ["deleted": true])
        }
        router.post("/v1/keys/:id/rotate") { request, context in
            let manager = try await manager(request, context)
            return try Response(json: try await keys.rotate(context.keyID, of: manager.customer))
        }
    }

    /// What is wished of a key.
    private func keyChange(
        _ request: Request,
        _ context: GatewayContext,
    ) async throws -> KeyChange {
        try await decoded(KeyChange.self, request, context, upTo: JSONRequest.largestShort)
    }

    /// The key that calls, if it may manage the keys of its customer.
    ///
    /// - Throws: ``IdentityError``.
    func manager(_ request: Request, _ context: GatewayContext) async throws -> Key {
        let key = try await authenticate(request, context)
        guard key.settings.managesKeys else { throw IdentityError.mayNotManageKeys }
        return key
    }
}

extension GatewayContext {
    /// The key that the path names.
    var keyID: KeyID { KeyID(parameters.get("id") ?? "") }

    /// The customer that the path names.
    var customerID: CustomerID { CustomerID(parameters.get("id") ?? "") }
}
