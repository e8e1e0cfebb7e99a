import Forwarding
import HTTPTypes
import Logging
import Metering
import NIOCore
import Pricing
import Primitives
import Providers
import RateLimits
import Receipts

extension InferenceRun {
    /// Performs what the state machine decided.
    ///
    /// - Parameters:
    ///   - action: the decision.
    ///   - last: the event that ended the stream, which goes out only after the settlement.
    ///   - whole: the whole answer, which goes out only after the settlement or the release.
    ///   - failure: what went wrong, where it did.
    ///   - isWhole: whether the agent gets all that there will ever be: a retry gets the same.
    func perform(
        _ action: InferenceStateMachine.Action,
        last: ByteBuffer? = nil,
        whole: AnswerHead? = nil,
        failure: (any Failure)? = nil,
        isWhole: Bool = false,
    ) async {
        switch action {
        case .none, .linger, .drain: return
        case .release: await release(last: last, whole: whole, failure: failure)
        case .settle(let outcome):
            do {
                let receipt = try await runner.settle.capture(
                    inference,
                    meter.reading,
                    answeredModel: reader.answeredModel,
                    outcome: outcome,
                )
                InferenceMetrics.settled(receipt)
                inference.admission?.took(tokens: receipt.reading.usage.tokens)
                log(receipt)
                // A retry finds a whole answer while it runs; whether it is kept is known at its end.
                if !isWhole { ended(.partial) }
                await end(receipt, last: last, whole: whole, failure: failure)
                if isWhole { ended(.whole) }
            } catch {
                await lose(error, "settlement failed")
            }
        }
        downstream.finish()
    }

    private func release(
        last: ByteBuffer?,
        whole: AnswerHead?,
        failure: (any Failure)?,
    ) async {
        do {
            let balance = try await runner.settle.release(inference)
            ended(.nothing)
            InferenceMetrics.released(inference.rate.model)
            inference.admission?.took(tokens: 0)
            if isStreaming {
                // Nothing but signs of life had come.
                await downstream.write(last ?? errorEvent(failure))
            } else if var head = whole {
                head.headers[.balanceRemaining] = balance.description
                send(head)
            } else if let failure {
                send(errorHead(failure, balance: balance))
            }
        } catch {
            await lose(error, "release failed")
        }
    }

    /// The end of an answer, once its settlement is on the disk.
    private func end(
        _ receipt: Receipt,
        last: ByteBuffer?,
        whole: AnswerHead?,
        failure: (any Failure)?,
    ) async {
        if var head = whole {
            head.headers[.balanceRemaining] = receipt.balanceAfter.description
            if isOfPayer { head.headers.tellCost(receipt) }
            return send(head)
        }
        guard isStreaming else {
            if let failure { send(errorHead(failure, balance: receipt.balanceAfter)) }
            return
        }
        await downstream.write(
            ByteBuffer(
                string: ": farebox charge=\(receipt.charge) balance=\(receipt.balanceAfter) "
                    + "receipt=\(receipt.id)\n\n"
            )
        )
        switch receipt.outcome {
        case .completed: await downstream.write(last ?? reader.terminalEvent)
        case .interrupted, .disconnected: await downstream.write(last ?? errorEvent(failure))
        case .cut:
            await downstream.write(
                reader.cutEvents(receipt.reading, model: receipt.requestedModel)
            )
            await downstream.write(reader.terminalEvent)
        }
    }

    /// The ledger did not take the end of an inference: nothing of it is confirmed to the agent.
    private func lose(_ error: any Error, _ message: Logger.Message) async {
        let failure = error as? any Failure ?? GatewayError.internalError
        ended(.nothing)
        logger.critical(message, metadata: ["code": "\(failure.code)"])
        if isStreaming {
            await downstream.write(errorEvent(failure))
        } else {
            send(errorHead(failure, balance: nil))
        }
    }

    /// Sends an answer that is whole: its agent may ask the next thing as soon as it is heard.
    private func send(_ head: AnswerHead) {
        inference.admission?.end()
        downstream.send(head)
    }

    private func errorEvent(_ failure: (any Failure)?) -> ByteBuffer {
        DialectError(failure ?? ForwardingError.brokenOff, requestID: requestID)
            .event(inference.request.dialect)
    }

    private func errorHead(_ failure: any Failure, balance: Amount?) -> AnswerHead {
        let error = DialectError(failure, requestID: requestID)
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        headers[.receipt] = inference.id.description
        headers[.balanceRemaining] = balance?.description
        let beside = isOfPayer ? PaymodelError(failure, on: .paymodelChat).members : ""
        return AnswerHead(
            status: failure.kind.status,
            headers: headers,
            body: ByteBuffer(string: error.body(inference.request.dialect, beside: beside)),
        )
    }

    private func log(_ receipt: Receipt) {
        logger.info(
            "inference settled",
            metadata: [
                "receipt": "\(receipt.id)", "model": "\(receipt.model)",
                "charge": "\(receipt.charge)", "outcome": "\(receipt.outcome)",
                "usage": "\(receipt.reading.source)",
            ],
        )
        if receipt.overrun > .zero {
            logger.warning(
                "usage exceeded its hold",
                metadata: ["receipt": "\(receipt.id)", "overrun": "\(receipt.overrun)"],
            )
        }
        // A dated name of the same model is no other one.
        if let answered = receipt.answeredModel, !answered.hasPrefix(inference.rate.upstreamModel) {
            logger.notice(
                "another model answered",
                metadata: ["receipt": "\(receipt.id)", "answered": "\(answered.prefix(100))"],
            )
        }
    }
}
