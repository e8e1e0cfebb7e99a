import Forwarding
import HTTPTypes
package import Hummingbird
import Identity
import NIOCore
import Pricing
import Primitives
package import Providers

/// One metered request from an agent to a model: its stages, in their order.
///
/// Up to the hold nothing is written, and a failure is thrown. From the hold on the inference
/// belongs to the supervisor, which brings it to exactly one end, with or without its agent.
package struct Inference<Storage: GatewayStore>: Sendable {
    private let gateway: GatewayServices<Storage>
    private let dialect: Dialect

    package init(_ gateway: GatewayServices<Storage>, _ dialect: Dialect) {
        self.gateway = gateway
        self.dialect = dialect
    }

    /// Serves the request.
    ///
    /// - Throws: a `Failure` of an earlier stage than the hold; nothing was written.
    package func answer(_ request: Request, _ context: GatewayContext) async throws -> Response {
        // Who is calling, and what do they ask?
        let key = try await gateway.authenticate(request, context)
        let body = try await gateway.body(of: request)
        let asked = try InferenceRequest(dialect, body: body)

        // The most this can cost, and which upstream serves it.
        let (rate, rateCard) = try gateway.rates.rate(of: asked.model)
        let upstream = try gateway.upstream(of: rate, speaking: dialect)
        let demand = try Demand(asked.shape, of: rate)
        let quote = Quote(rate: rate, demand: demand)

        // Reserve that much.
        let id: InferenceID = gateway.identifiers.next("inf")
        guard gateway.live.enter(id) else { throw GatewayError.overloaded }
        let placed: PlacedHold
        do {
            let now = gateway.time.now()
            placed = try await gateway.placeHold(id, quote, key: key, rateCard: rateCard, at: now)
        } catch {
            gateway.live.leave(id)
            throw error
        }
        let held = HeldInference(
            request: asked,
            key: key,
            rate: rate,
            upstream: upstream,
            demand: demand,
            placed: placed,
        )
        // Forward, meter, settle.
        return try await run(held, request, context)
    }

    private func run(
        _ held: HeldInference,
        _ request: Request,
        _ context: GatewayContext,
    ) async throws -> Response {
        let downstream = Downstream()
        let departure = await context.departure()
        let (runner, headers, requestID) = (gateway.runner, request.headers, context.requestID)
        let isStarted = gateway.supervisor.start {
            await runner.run(
                held,
                agentHeaders: headers,
                requestID: requestID,
                downstream: downstream,
                departure: departure,
            )
        }
        guard isStarted else {
            _ = try await gateway.settle.release(held)
            gateway.live.leave(held.id)
            throw GatewayError.stopping
        }
        return await AgentConnection(downstream, departure).response()
    }
}
