package import Forwarding
package import HTTPTypes
import Identity
package import Logging
import Metering
import Pricing
import Primitives
import Providers

/// Runs held inferences, each to exactly one end, whatever the agent and the upstream do.
///
/// It never changes, and it is a class because every step of an open stream keeps it.
package final class InferenceRunner<Storage: GatewayStore>: Sendable {
    let transport: any UpstreamTransport
    let settle: Settle<Storage>
    let extend: ExtendHold<Storage>
    let settings: GatewaySettings
    private let live: LiveHolds
    private let clock: any Clock<Duration>
    private let logger: Logger
    let reading: ReadingPlace

    package init(
        transport: any UpstreamTransport,
        settle: Settle<Storage>,
        extend: ExtendHold<Storage>,
        settings: GatewaySettings,
        live: LiveHolds,
        clock: any Clock<Duration>,
        logger: Logger,
        reading: ReadingPlace = ReadingPlace(),
    ) {
        self.transport = transport
        self.settle = settle
        self.extend = extend
        self.settings = settings
        self.live = live
        self.clock = clock
        self.logger = logger
        self.reading = reading
    }

    /// Forwards, relays, meters and settles; returns when the hold has ended.
    ///
    /// - Parameters:
    ///   - inference: what to run.
    ///   - agentHeaders: the agent's headers.
    ///   - requestID: the id that errors carry.
    ///   - downstream: where the answer goes; its audience has been joined.
    ///   - ended: is told what an answer came to; of one that is not whole, before the agent is.
    package func run(
        _ inference: HeldInference,
        agentHeaders: HTTPFields,
        requestID: String,
        downstream: Downstream,
        ended: @escaping @Sendable (AnswerEnd) -> Void = { _ in },
    ) async {
        let control = InferenceControl()
        let run = InferenceRun(
            inference: inference,
            agentHeaders: agentHeaders,
            requestID: requestID,
            downstream: downstream,
            control: control,
            handover: Handover(),
            runner: self,
            ended: ended,
            logger: logger(inference),
            meter: UsageMeter(inference.meterBounds),
            coverage: HoldCoverage(inference.placed, step: settings.holdStep),
            reader: AnswerReader(
                inference.request.dialect,
                wantsUsageChunk: inference.request.shape.wantsUsageChunk,
            ),
        )
        let stopped = await forward(run)
        if let ending = control.ending {
            await stopped.perform(ending.action, failure: ending.failure)
        } else {
            // Nobody ended it: the process is stopping, and the task was cancelled.
            let action = control.tell { $0.upstreamFailed() }
            await stopped.perform(action, failure: GatewayError.stopping)
        }
        live.leave(inference.id)
        downstream.finish()
    }

    /// Forwards until the answer is over or a watcher ends it.
    private func forward(_ run: InferenceRun<Storage>) async -> InferenceRun<Storage> {
        await withTaskGroup(of: InferenceRun<Storage>?.self) { group in
            group.addTask {
                var run = run
                await run.forward()
                return run
            }
            group.addTask { [settings, clock] in
                await run.control.watch(
                    run.downstream,
                    run.handover,
                    policy: run.inference.key.settings.onDisconnect,
                    settings: settings,
                    clock: clock,
                )
                return nil
            }
            group.addTask { [settings, clock] in
                await run.control.watch(
                    run.downstream,
                    head: settings.headTimeout,
                    idle: settings.idleTimeout,
                    total: settings.totalTimeout,
                    clock: clock,
                )
                return nil
            }
            var stopped = run
            for await finished in group {
                if let finished { stopped = finished }
                group.cancelAll()
            }
            return stopped
        }
    }

    private func logger(_ inference: HeldInference) -> Logger {
        var logger = logger
        logger[metadataKey: "inference"] = "\(inference.id)"
        logger[metadataKey: "key"] = "\(inference.key.id)"
        return logger
    }
}

extension HeldInference {
    /// What bounds an estimate of this inference's usage.
    var meterBounds: UsageMeter.Bounds {
        let (limit, overflow) = placed.outputLimit.multipliedReportingOverflow(by: demand.choices)
        return UsageMeter.Bounds(
            inputEstimate: demand.inputEstimate,
            outputLimit: overflow ? .max : limit,
            bytesPerToken: rate.bytesPerToken,
        )
    }
}
