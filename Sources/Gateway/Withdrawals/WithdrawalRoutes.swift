import FoundationEssentials
import Hummingbird
import Identity
import Primitives
import RateLimits

extension GatewayServices {
    /// What a customer takes back, with a key that manages keys: no other one moves money out.
    func addWithdrawalRoutes(to router: Router<GatewayContext>) {
        router.post("/v1/withdrawals") { request, context in
            _ = try await manager(request, context)
            let asked = try await decoded(
                WithdrawalRequest.self,
                request,
                context,
                upTo: JSONRequest.largestShort,
            )
            let key = try await manager(request, context)
            if let wait = claims.admit("withdrawal \(key.customer)", at: time.now()) {
                throw GatewayError.rateLimited(wait: wait)
            }
            return try Response(json: try await withdrawals.request(asked, of: key.customer))
        }
        router.get("/v1/withdrawals") { request, context in
            let key = try await authenticate(request, context)
            let after = request.uri.queryParameters["after"].map(String.init)
            return try Response(json: try await withdrawals.list(of: key.customer, after: after))
        }
        router.get("/v1/withdrawals/:id") { request, context in
            let key = try await authenticate(request, context)
            return try Response(
                json: try await withdrawals.show(context.withdrawalName, of: key.customer)
            )
        }
        router.post("/v1/withdrawals/:id/cancel") { request, context in
            let key = try await manager(request, context)
            return try Response(
                json: try await withdrawals.cancel(context.withdrawalName, of: key.customer)
            )
        }
    }
}

extension GatewayContext {
    fileprivate var withdrawalName: String { parameters.get("id") ?? "" }

    /// The withdrawal that an operator's path names.
    var withdrawalID: String {
        ["customer", "id"].map { parameters.get($0) ?? "" }.joined(separator: "/")
    }
}
