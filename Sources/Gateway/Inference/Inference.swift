import Forwarding
import HTTPTypes
package import Hummingbird
import Identity
import NIOCore
import Pricing
import Primitives
package import Providers
import RateLimits

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

        // Asked before? Then the first one's answer, which is paid for, if it came to one.
        let retry = try RetryIdentity(request.headers, dialect, body, of: key.id)
        let downstream: Downstream
        switch try await claim(retry, context) {
        case .replay(let response): return response
        case .first(let answer): downstream = answer
        }
        do {
            let held = try await hold(asked, key)
            return try await run(held, request, context, downstream, retry)
        } catch {
            gateway.answers.forget(retry, downstream)
            downstream.finish()
            throw error
        }
    }

    /// What a request comes to that may have been asked before.
    private enum Asked {
        case first(Downstream)
        case replay(Response)
    }

    /// Waits for the first one's answer; where it came to none, this request is the first.
    private func claim(_ retry: RetryIdentity?, _ context: GatewayContext) async throws -> Asked {
        while true {
            switch try gateway.answers.claim(retry, at: gateway.time.now()) {
            case .first(let answer): return .first(answer)
            case .retry(let first):
                let connection = AgentConnection(first, await context.departure())
                if let response = await connection.replay() { return .replay(response) }
                gateway.answers.forget(retry, first)
            }
        }
    }

    /// Quotes the request and reserves that much.
    private func hold(_ asked: InferenceRequest, _ key: Key) async throws -> HeldInference {
        // The most this can cost, and which upstream serves it.
        let (rate, rateCard) = try gateway.rates.rate(of: asked.model)
        guard key.settings.allows(rate, in: gateway.rates) else {
            throw GatewayError.modelNotAllowed
        }
        let upstream = try gateway.upstream(of: rate, speaking: dialect)
        let demand = try Demand(asked.shape, of: rate)
        let quote = Quote(rate: rate, demand: demand)

        // Not faster than the key may go.
        let admission = try gateway.admit(key, quote)

        // Reserve that much.
        let id: InferenceID = gateway.identifiers.next("inf")
        guard gateway.live.enter(id) else { throw GatewayError.overloaded }
        let placed: PlacedHold
        do {
            let now = gateway.time.now()
            placed = try await gateway.placeHold(
                id,
                quote,
                key: key.id,
                rateCard: rateCard,
                at: now,
            )
        } catch {
            admission.took(tokens: 0)
            gateway.live.leave(id)
            throw error
        }
        return HeldInference(
            request: asked,
            key: key,
            rate: rate,
            upstream: upstream,
            demand: demand,
            placed: placed,
            admission: admission,
        )
    }

    /// Forwards, meters and settles, in a task that does not end with the agent's request.
    private func run(
        _ held: HeldInference,
        _ request: Request,
        _ context: GatewayContext,
        _ downstream: Downstream,
        _ retry: RetryIdentity?,
    ) async throws -> Response {
        let departure = await context.departure()
        _ = downstream.audience.join(departure)
        let (runner, headers, requestID) = (gateway.runner, request.headers, context.requestID)
        let (answers, time) = (gateway.answers, gateway.time)
        let isStarted = gateway.supervisor.start {
            await runner.run(
                held,
                agentHeaders: headers,
                requestID: requestID,
                downstream: downstream,
            ) { isWhole in
                if isWhole {
                    answers.keep(retry, downstream, at: time.now())
                } else {
                    answers.forget(retry, downstream)
                }
            }
        }
        guard isStarted else {
            _ = try await gateway.settle.release(held)
            gateway.live.leave(held.id)
            throw GatewayError.stopping
        }
        return await AgentConnection(downstream, departure, held.admission).response()
    }
}
