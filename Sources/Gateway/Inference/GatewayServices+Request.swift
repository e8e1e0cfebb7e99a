import Forwarding
import HTTPTypes
import Hummingbird
import Identity
import NIOCore
import Pricing
import Primitives
import Providers
import RateLimits

extension GatewayServices {
    /// The key that the request presents: in its path, as `Authorization: Bearer`, or as
    /// `x-api-key`.
    ///
    /// A key in the path leaves the headers to be placeholders.
    ///
    /// - Throws: ``IdentityError/missingCredential``, ``IdentityError/invalidCredential``.
    func authenticateKey(_ request: Request, _ context: GatewayContext) async throws -> Key {
        guard let secret = presentedSecret(request, context) else {
            throw IdentityError.missingCredential
        }
        let now = time.now()
        let (known, mark) = try directory.authenticate(secret, at: now)
        if let known { return known }
        let key = try await store.read { try $0.authenticate(secret, at: now) }
        directory.keep(key, since: mark)
        return key
    }

    /// Whether the request carries a credential in a header, of any shape.
    func presentsCredential(_ request: Request) -> Bool {
        request.headers[.authorization] != nil || request.headers[.xAPIKey] != nil
    }

    /// Whether the request carries what has the shape of a key; clients send placeholders, too.
    func presentsKey(_ request: Request, _ context: GatewayContext) -> Bool {
        presentedSecret(request, context)?.keyID != nil
    }

    private func presentedSecret(_ request: Request, _ context: GatewayContext) -> Secret? {
        if let token = context.parameters.get("token") { return Secret(presented: token) }
        let bearer = request.headers[.authorization].flatMap { value -> String? in
            let scheme = value.utf8.prefix(7)
            return scheme.elementsEqual("bearer ".utf8) { $0 | 0x20 == $1 }
                ? String(Substring(value.utf8.dropFirst(7))) : nil
        }
        let secrets = [request.headers[.xAPIKey], bearer].compactMap(\.self)
            .map { Secret(presented: $0) }
        return secrets.first { $0.keyID != nil } ?? secrets.first
    }

    /// The URL under which the agent reaches this gateway.
    func publicURL(of request: Request) -> String {
        settings.publicURL ?? "http://\(request.head.authority ?? "localhost")"
    }

    /// The host for which wallets sign; `nil` where nobody can know it.
    ///
    /// What `Host` says proves nothing: a page that lures somebody into a signature sends on its own name.
    /// So it is the operator's public URL, or a name that is this machine's own.
    func signingHost(of request: Request) -> String? {
        let url = settings.publicURL ?? "//\(request.head.authority ?? "")"
        let host = String(url.split(separator: "/").drop { $0.hasSuffix(":") }.first ?? "")
        let name = host.prefix { $0 != ":" }
        let isOurs = settings.publicURL != nil || ["127.0.0.1", "localhost"].contains(name)
        return isOurs ? host : nil
    }

    /// The whole body, within its limits of size and time, and of at most `limit` bytes; where it has to
    /// find `room`, while it comes.
    ///
    /// - Throws: ``GatewayError/bodyTooLarge(limit:)``, ``GatewayError/bodyTooSlow``,
    ///   ``GatewayError/unprovenBodiesFull``, ``GatewayError/stopping``,
    ///   ``GatewayError/badRequest(_:)`` for a compressed one.
    func body(
        of request: Request,
        _ context: GatewayContext,
        upTo limit: Int = .max,
        in room: Room? = nil,
    ) async throws -> ByteBuffer {
        guard request.headers[.contentEncoding]?.isWord("identity") ?? true else {
            throw GatewayError.badRequest("The body must not be compressed.")
        }
        let limit = min(limit, settings.bodyLimit)
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit {
            throw GatewayError.bodyTooLarge(limit: limit)
        }
        return try await context.body.whole(upTo: limit, in: room)
    }

    /// What a model costs by which card, and the upstream that serves it, if it speaks the route's dialect
    /// and we have a credential.
    ///
    /// - Throws: ``GatewayError/noRateCard``, ``GatewayError/modelNotFound(among:)``,
    ///   ``GatewayError/modelNotAllowed``, ``ForwardingError/notConfigured``.
    func offer(
        _ model: String,
        to key: Key,
        speaking dialect: Dialect,
    ) throws -> (rate: Rate, rateCard: String, upstream: Upstream) {
        do {
            let (rate, rateCard) = try rates.rate(of: model)
            guard key.settings.allows(rate, in: rates) else { throw GatewayError.modelNotAllowed }
            guard let upstream = upstreams[rate.upstream] else {
                throw ForwardingError.notConfigured
            }
            guard upstream.dialect == dialect else { throw GatewayError.modelNotFound() }
            return (rate, rateCard, upstream)
        } catch GatewayError.modelNotFound {
            throw GatewayError.modelNotFound(among: served(in: dialect, to: key))
        }
    }

    /// The rates whose upstream is configured and speaks the dialect: no other is served in it.
    ///
    /// `key` is whose they are to be; `nil` is anybody's.
    func served(in dialect: Dialect, to key: Key?) -> [Rate] {
        (rates.card?.rates ?? []).filter { rate in
            upstreams[rate.upstream]?.dialect == dialect
                && key?.settings.allows(rate, in: rates) ?? true
        }
    }
}
