import Forwarding
import HTTPTypes
import Hummingbird
import Identity
import Ledger
import NIOCore
import Pricing
import Primitives
import Providers
import RateLimits

/// Forwards a question for the tokens of a request; it is free and changes nothing.
struct TokenCount<Storage: GatewayStore>: Sendable {
    let gateway: GatewayServices<Storage>

    func answer(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let (key, body) = try await gateway.authenticatedBody(of: request, context)
        let asked = try await gateway.reading.read(body) { body throws(RequestError) in
            try InferenceRequest(.anthropic, countingTokensOf: body)
        }
        let (rate, _, upstream) = try gateway.offer(asked.model, to: key, speaking: .anthropic)
        // It costs the customer nothing, and the operator's rate there.
        let admission = try gateway.admit(key, tokens: 0)
        defer { admission.took(tokens: 0) }
        let outgoing = UpstreamRequest(
            upstream: upstream,
            operation: .countTokens,
            agentHeaders: request.headers,
            pieces: asked.upstreamPieces(
                model: rate.upstreamModel,
                limit: nil,
                limitField: upstream.limitField,
            ),
        )
        var response = try await within(gateway.settings.idleTimeout) {
            try await forward(outgoing)
        }
        let solRate = gateway.solRate
        let funds = try await gateway.store.read { transaction in
            try transaction.funds(of: key.customer, solRate: solRate)
        }
        response.headers[.balanceRemaining] = funds.dollars.description
        return response
    }

    private func forward(_ outgoing: UpstreamRequest) async throws -> Response {
        let response = try await gateway.transport.send(outgoing, marking: Handover())
        switch response.status {
        case 300..<400: throw ForwardingError.redirected
        case 401, 402, 403, 407: throw ForwardingError.refusedUs
        default: break
        }
        let body = try await response.whole(upTo: 1 << 20)
        guard await gateway.reading.read(body, { $0.isJSONObject }) else {
            throw ForwardingError.malformed
        }
        return Response(
            status: .init(code: response.status),
            headers: RelayedHeaders.downstream(response.headers),
            body: .init(byteBuffer: body),
        )
    }

    private func within(
        _ limit: Duration,
        _ work: @escaping @Sendable () async throws -> Response,
    ) async throws -> Response {
        try await withThrowingTaskGroup(of: Response?.self) { group in
            group.addTask { try await work() }
            group.addTask { [clock = gateway.clock] in
                try await clock.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let response = try await group.next().flatMap(\.self) else {
                throw ForwardingError.timedOut
            }
            return response
        }
    }
}
