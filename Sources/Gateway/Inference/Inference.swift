import Forwarding
package import HTTPTypes
package import Hummingbird
package import Identity
package import NIOCore
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
        let (key, body) = try await gateway.authenticatedBody(of: request, context)
        let asking = AgentRequest(
            key: key,
            headers: request.headers,
            body: body,
            requestID: context.requestID,
            departure: context.departure,
            executor: context.executor,
        )
        return await (try await serve(asking)).response()
    }

    /// Serves what an agent asked, apart from the connection that it came on.
    ///
    /// - Throws: a `Failure` of an earlier stage than the hold; nothing was written.
    /// - Returns: the reading end of the answer.
    package func serve(_ asking: AgentRequest) async throws -> AgentConnection {
        let (asked, retry) = try await gateway.reading.read(asking.body) { body in
            (
                try InferenceRequest(dialect, body: body),
                try RetryIdentity(asking.headers, dialect, body, of: asking.key.id),
            )
        }

        // Asked before? Then the first one's answer, which is paid for, if it came to one.
        let downstream: Downstream
        switch try await claim(retry, asking) {
        case .replay(let connection): return connection
        case .first(let answer): downstream = answer
        }
        do {
            let held = try await hold(asked, asking.key)
            return try await run(held, asking, downstream, retry)
        } catch {
            gateway.answers.forget(retry, downstream)
            downstream.finish()
            throw error
        }
    }

    /// What a request comes to that may have been asked before.
    private enum Asked {
        case first(Downstream)
        case replay(AgentConnection)
    }

    /// Waits for the first one's answer; where it came to none, this request is the first.
    private func claim(_ retry: RetryIdentity?, _ asking: AgentRequest) async throws -> Asked {
        while true {
            switch try gateway.answers.claim(retry, at: gateway.time.now()) {
            case .first(let answer): return .first(answer)
            case .retry(let first):
                let lost = DialectError(
                    GatewayError.answerNotKept(nil),
                    requestID: asking.requestID,
                )
                if let connection = await AgentConnection.rejoining(
                    first,
                    asking.departure,
                    lost: lost.event(dialect),
                ) {
                    return .replay(connection)
                }
                gateway.answers.forget(retry, first)
            }
        }
    }

    /// Quotes the request and reserves that much.
    private func hold(_ asked: InferenceRequest, _ key: Key) async throws -> HeldInference {
        // The most this can cost, and which upstream serves it.
        let (rate, rateCard, upstream) = try gateway.offer(asked.model, to: key, speaking: dialect)
        let demand = try Demand(asked.shape, of: rate)
        let quote = Quote(rate: rate, demand: demand)

        // Not more at a time than this process takes, which is no fault of the key.
        let id: InferenceID = gateway.identifiers.next("inf")
        guard gateway.live.enter(id) else { throw GatewayError.overloaded }
        let admission: Admission
        let placed: PlacedHold
        do {
            // Not faster than the key may go.
            admission = try gateway.admit(key, tokens: quote.tokenBound)

            // Reserve that much.
            placed = try await reserve(id, quote, key, rateCard, admission)
        } catch {
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

    /// Places the hold; what is refused takes none of the key's tokens.
    private func reserve(
        _ id: InferenceID,
        _ quote: Quote,
        _ key: Key,
        _ rateCard: String,
        _ admission: Admission,
    ) async throws -> PlacedHold {
        do {
            return try await gateway.placeHold(
                id,
                quote,
                key: key,
                rateCard: rateCard,
                at: gateway.time.now(),
            )
        } catch {
            admission.took(tokens: 0)
            throw error
        }
    }

    /// Forwards, meters and settles, in a task that does not end with the agent's request.
    private func run(
        _ held: HeldInference,
        _ asking: AgentRequest,
        _ downstream: Downstream,
        _ retry: RetryIdentity?,
    ) async throws -> AgentConnection {
        _ = downstream.audience.join(asking.departure)
        let runner = gateway.runner
        let (answers, time) = (gateway.answers, gateway.time)
        let isStarted = gateway.supervisor.start(on: asking.executor) {
            await runner.run(
                held,
                agentHeaders: asking.headers,
                requestID: asking.requestID,
                downstream: downstream,
            ) { end in
                answers.end(retry, downstream, end, receipt: held.id, at: time.now())
            }
        }
        guard isStarted else {
            _ = try await gateway.settle.release(held)
            gateway.live.leave(held.id)
            throw GatewayError.stopping
        }
        return AgentConnection(downstream, asking.departure, held.admission)
    }
}

/// What an agent asks, once it is known who asks: all of a request that an inference needs.
package struct AgentRequest: Sendable {
    package let key: Key
    package let headers: HTTPFields
    package let body: ByteBuffer
    package let requestID: String
    /// Tells when the agent's connection has ended.
    package let departure: Departure
    /// Where the agent is served; `nil` leaves that to the system.
    package let executor: (any TaskExecutor)?

    package init(
        key: Key,
        headers: HTTPFields,
        body: ByteBuffer,
        requestID: String,
        departure: Departure,
        executor: (any TaskExecutor)? = nil,
    ) {
        self.key = key
        self.headers = headers
        self.body = body
        self.requestID = requestID
        self.departure = departure
        self.executor = executor
    }
}
