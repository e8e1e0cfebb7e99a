import Foundation
import HTTPTypes
import Hummingbird
import Identity
import Ledger
import NIOCore
import Pricing
import Primitives
import Providers

/// The operator's routes, behind `X-Admin-Key`.
struct OperatorRoutes<Storage: GatewayStore>: Sendable {
    let gateway: GatewayServices<Storage>
    /// SHA-256 of the operator's key.
    let adminKeyDigest: [UInt8]

    private var operations: Operations<Storage> { gateway.operations }

    func add(to router: Router<GatewayContext>) {
        router.get("/v1/admin/stats") { request, _ in
            try authorize(request)
            return try Response(json: try await operations.figures())
        }
        router.get("/v1/admin/holds") { request, _ in
            try authorize(request)
            let open = try await gateway.store.read { try $0.openHoldCount() }
            return try Response(json: ["open": open, "live": gateway.live.count])
        }
        router.post("/v1/admin/grants") { request, _ in
            try authorize(request)
            let order = try await decode(GrantOrder.self, request)
            return try Response(json: try await operations.grant(order))
        }
        router.get("/v1/admin/keys") { request, _ in
            try authorize(request)
            let customer = request.uri.queryParameters["customer"].map { String($0) }
            return try Response(json: try await operations.keys(of: customer))
        }
        router.post("/v1/admin/keys") { request, _ in
            try authorize(request)
            let order = try await decode(KeyOrder.self, request)
            return try Response(json: try await operations.createKey(order))
        }
        router.post("/v1/admin/keys/:id/revoke") { request, context in
            try authorize(request)
            return try Response(json: try await operations.revokeKey(context.keyID))
        }
        router.post("/v1/admin/keys/:id/rotate") { request, context in
            try authorize(request)
            return try Response(json: try await operations.rotateKey(context.keyID))
        }
        router.post("/v1/admin/rates") { request, _ in
            try authorize(request)
            let draft = try await decode(RateCardDraft.self, request, keys: .useDefaultKeys)
            return try Response(json: try await operations.publish(draft))
        }
    }

    /// - Throws: ``IdentityError``; the comparison takes the same time for every wrong key.
    private func authorize(_ request: Request) throws(IdentityError) {
        guard let presented = request.headers[.adminKey] else { throw .missingCredential }
        guard equalInConstantTime(Secret(presented: presented).digest, adminKeyDigest) else {
            throw .invalidCredential
        }
    }

    /// - Throws: ``RequestError/notJSON(_:)``, ``GatewayError/invalidParameter(_:)``.
    private func decode<Value: Decodable>(
        _ type: Value.Type,
        _ request: Request,
        keys: JSONDecoder.KeyDecodingStrategy = .convertFromSnakeCase,
    ) async throws -> Value {
        let body = try await gateway.body(of: request)
        do throws(JSONError) { try body.checkJSON() } catch { throw RequestError.notJSON(error) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = keys
        do {
            return try decoder.decode(type, from: Data(body.readableBytesView))
        } catch let error as DecodingError {
            throw GatewayError.invalidParameter(error.field)
        }
    }
}

extension GatewayContext {
    fileprivate var keyID: String { parameters.get("id") ?? "" }
}

extension DecodingError {
    /// The field that could not be read.
    fileprivate var field: String {
        switch self {
        case .keyNotFound(let key, _): key.stringValue
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            context.codingPath.map(\.stringValue).joined(separator: ".")
        @unknown default: "body"
        }
    }
}

extension HTTPField.Name {
    static let adminKey = known("x-admin-key")
}
