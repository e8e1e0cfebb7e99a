import Forwarding
import HTTPTypes
import Identity
import Logging
import Metering
import NIOCore
import Pricing
import Primitives
import Providers
import Receipts

/// What an answer came to, for whoever asks the same again.
package enum AnswerEnd: Sendable {
    /// It is whole, and paid for.
    case whole
    /// It is paid for as far as it came.
    case partial
    /// Nothing is charged.
    case nothing
}

/// Forwards one held inference and relays its answer; performs what the state machine decides.
///
/// One task forwards at a time. Everything a client sees of an answer passes here.
struct InferenceRun<Storage: GatewayStore>: Sendable {
    let inference: HeldInference
    let agentHeaders: HTTPFields
    let requestID: String
    let downstream: Downstream
    let control: InferenceControl
    let handover: Handover
    let runner: InferenceRunner<Storage>
    /// Is told what the answer came to; of one that is not whole, before the agent is.
    let ended: @Sendable (AnswerEnd) -> Void
    let logger: Logger
    var meter: UsageMeter
    var coverage: HoldCoverage
    var reader: AnswerReader
    /// Whether the agent was sent the head of a stream.
    var isStreaming = false
    /// Whether the model's answer has begun.
    var isOwed = false

    /// Sends the request and passes the answer on, to its end or until the task is cancelled.
    mutating func forward() async {
        do {
            let response = try await runner.transport.send(upstreamRequest, marking: handover)
            control.progress()
            switch response.status {
            case 200..<300:
                try checkEncoding(response.headers)
                if inference.request.isStream {
                    try await relay(response)
                } else {
                    try await collect(response)
                }
            case 300..<400: throw ForwardingError.redirected
            default: try await refuse(response)
            }
        } catch is CancellationError {
            return
        } catch {
            await fail(error as? ForwardingError ?? .malformed)
        }
    }

    private var upstreamRequest: UpstreamRequest {
        UpstreamRequest(
            upstream: inference.upstream,
            operation: .inference,
            agentHeaders: agentHeaders,
            pieces: inference.request.upstreamPieces(
                model: inference.rate.upstreamModel,
                limit: inference.placed.outputLimit,
                limitField: inference.upstream.limitField,
            ),
        )
    }

    /// Usage is read off the bytes as they come, so they must not be compressed.
    private func checkEncoding(_ headers: HTTPFields) throws {
        let encoding = headers[.contentEncoding]?.lowercased() ?? "identity"
        guard encoding == "identity" else { throw ForwardingError.compressed }
    }

    // MARK: Streams

    private mutating func relay(_ response: UpstreamResponse) async throws {
        guard response.headers[.contentType]?.lowercased().hasPrefix("text/event-stream") == true
        else { throw ForwardingError.malformed }
        var parser = EventStreamParser(limit: runner.settings.eventLimit)
        var run = self
        defer { self = run }
        var progress = StreamProgress.goesOn
        try await response.body.read { bytes in
            run.control.progress()
            // What follows the terminal event is read to keep the connection, and dropped.
            if progress == .isWhole { return true }
            parser.append(bytes)
            while progress == .goesOn, let event = try run.nextEvent(&parser) {
                progress = await run.pass(event, of: response)
            }
            return progress != .isCut
        }
        parser.end()
        while progress == .goesOn, let event = try run.nextEvent(&parser) {
            progress = await run.pass(event, of: response)
        }
        if progress == .goesOn { throw ForwardingError.brokenOff }
    }

    private func nextEvent(
        _ parser: inout EventStreamParser
    ) throws(ForwardingError) -> EventStreamEvent? {
        do throws(EventStreamError) { return try parser.next() } catch { throw .tooLarge }
    }

    /// Sends the head with the first event, until which a failure is an answer of its own; with the
    /// first event of the model's answer, from which on it is owed, tells the machine.
    ///
    /// - Returns: `false` where the inference has ended meanwhile.
    private mutating func startStream(_ response: UpstreamResponse) -> Bool {
        if reader.hasBegun, !isOwed {
            guard control.streamStarted() else { return false }
            isOwed = true
        }
        guard !isStreaming else { return true }
        isStreaming = true
        var headers = answerHeaders(response.headers, balance: inference.placed.balance)
        headers[.cacheControl] = "no-store"
        downstream.send(AnswerHead(status: response.status, headers: headers, body: nil))
        return true
    }

    /// What a stream's events have come to.
    private enum StreamProgress {
        case goesOn
        /// The terminal event has passed.
        case isWhole
        /// Nothing more of it is wanted.
        case isCut
    }

    /// Passes one event on.
    private mutating func pass(
        _ event: EventStreamEvent,
        of response: UpstreamResponse,
    ) async -> StreamProgress {
        let meaning = reader.read(event, into: &meter)
        if meaning == .failure, !isStreaming {
            await relayRefusal(status: 502, response.headers, event.data)
            return .isCut
        }
        guard startStream(response) else { return .isCut }
        switch meaning {
        case .relay:
            await downstream.write(event.raw)
            return await stayWithinHold()
        case .hide: return .goesOn
        case .terminal:
            await perform(control.tell { $0.answerCompleted() }, last: event.raw, isWhole: true)
            return .isWhole
        case .failure:
            let last = await lastWord(event)
            await perform(control.tell { $0.upstreamFailed() }, last: last)
            return .isCut
        }
    }

    /// The upstream's own last word in a stream where it can be passed on, else ours.
    private func lastWord(_ event: EventStreamEvent) async -> ByteBuffer {
        // All of the event goes out, not only its data.
        guard await isFit(event.data, within: event.raw) else {
            let error = upstreamError(502, "The upstream ended its answer with an error.")
            return error.event(inference.request.dialect)
        }
        return event.raw
    }

    /// Has the hold reserve more while more can be had, and ends an answer that it does not cover.
    private mutating func stayWithinHold() async -> StreamProgress {
        if let target = coverage.target(meter, at: inference.rate) {
            do {
                coverage.reserved(
                    try await runner.extend(inference.id, of: inference.key.id, to: target)
                )
            } catch {
                // The settlement will say what has become of the hold.
                logger.notice("hold not extended", metadata: ["error": "\(error)"])
            }
        }
        guard meter.isRunaway || coverage.isExceeded(by: meter, at: inference.rate) else {
            return .goesOn
        }
        await perform(control.tell { $0.outputRanAway() }, isWhole: true)
        return .isCut
    }

    // MARK: Whole answers

    private mutating func collect(_ response: UpstreamResponse) async throws {
        let body = try await whole(response, upTo: runner.settings.answerLimit)
        let meaning: BodyMeaning
        (meaning, reader, meter) = await runner.reading.read(body) { [reader, meter] body in
            var (reader, meter) = (reader, meter)
            return (reader.read(body: body, into: &meter), reader, meter)
        }
        switch meaning {
        case .answer:
            let action = control.tell { $0.answerCompleted() }
            let head = AnswerHead(
                status: response.status,
                headers: answerHeaders(response.headers, balance: .zero),
                body: body,
            )
            await perform(action, whole: head, isWhole: true)
        case .failure: await relayRefusal(status: 502, response.headers, body)
        case .garbage: throw ForwardingError.malformed
        }
    }

    private func whole(_ response: UpstreamResponse, upTo limit: Int) async throws -> ByteBuffer {
        try await response.whole(upTo: limit) { control.progress() }
    }

    // MARK: Failures

    /// The upstream answered with an error: the hold is released and its word passed on, unless
    /// it is about our own account there.
    private mutating func refuse(_ response: UpstreamResponse) async throws {
        if [401, 402, 403, 407].contains(response.status) { throw ForwardingError.refusedUs }
        let body = try await whole(response, upTo: 1 << 20)
        await relayRefusal(status: response.status, response.headers, body)
    }

    /// Whether an upstream's word can be passed on in `sent`, all that would go out with it: JSON
    /// that names nothing of our account.
    private func isFit(_ word: ByteBuffer, within sent: ByteBuffer) async -> Bool {
        let credential = inference.upstream.credential
        return await runner.reading.read(word) { [reader, meter] word in
            var (reader, scratch) = (reader, meter)
            return reader.read(body: word, into: &scratch) != .garbage
                && !AccountNames.occur(in: sent)
                && !sent.readableBytesView.contains(credential.utf8)
        }
    }

    /// The upstream's own word where it can be passed on.
    private func refusal(status: Int, _ body: ByteBuffer) async -> ByteBuffer {
        guard await isFit(body, within: body) else {
            let error = upstreamError(
                status,
                "The upstream refused the request with status \(status).",
            )
            return ByteBuffer(string: error.body(inference.request.dialect))
        }
        return body
    }

    private func upstreamError(_ status: Int, _ message: String) -> DialectError {
        DialectError(
            kind: status == 429 ? .exhausted : status < 500 ? .malformed : .badUpstream,
            code: "upstream_error",
            message: message,
            requestID: requestID,
        )
    }

    private mutating func relayRefusal(
        status: Int,
        _ headers: HTTPFields,
        _ body: ByteBuffer,
    ) async {
        let action = control.tell { $0.upstreamFailed() }
        var headers = answerHeaders(headers, balance: .zero)
        headers[.contentType] = "application/json"
        let word = await refusal(status: status, body)
        let head = AnswerHead(
            status: status,
            headers: headers,
            body: isOfPayer
                ? word.besideError(PaymodelError.ofUpstream(status, headers[.retryAfter])) : word,
        )
        await perform(action, whole: head)
    }

    private mutating func fail(_ error: ForwardingError) async {
        logger.notice("upstream failed", metadata: ["code": "\(error.code)"])
        await perform(control.tell { $0.upstreamFailed() }, failure: error)
    }

    /// The headers of an answer: what passes of the upstream's, and ours.
    func answerHeaders(_ upstream: HTTPFields, balance: Amount) -> HTTPFields {
        var headers = RelayedHeaders.downstream(upstream)
        headers[.balanceRemaining] = balance.description
        headers[.receipt] = inference.id.description
        let placed = inference.placed
        if placed.isLowered { headers[.outputCap] = String(placed.outputLimit) }
        if isOfPayer {
            headers[.xModel] = inference.rate.model
            // PM-11: a stream names its payer where a whole answer tells the cost.
            if inference.request.isStream { headers[.xPayer] = agentHeaders[.xPayer] }
        }
        return headers
    }

    /// Whether a client of paymodel's asks, which expects its headers.
    var isOfPayer: Bool { agentHeaders[.xPayer] != nil }
}
