import Forwarding
import GatewayTestKit
import HTTPTypes
import NIOCore
import Simulation
import Synchronization

/// An upstream that does to each request what its plan says.
final class LyingUpstream: UpstreamTransport {
    private let plans: [String: AgentPlan]
    private let clock: HandSleeper
    private let state = Mutex((calls: [String](), isDead: false))

    /// - Parameters:
    ///   - plans: by the subject that a body names.
    ///   - clock: what its delays are counted by.
    init(_ plans: [String: AgentPlan], clock: HandSleeper) {
        self.plans = plans
        self.clock = clock
    }

    /// The subjects of the requests that reached it.
    var calls: [String] { state.withLock(\.calls) }

    /// The process that calls it has died: nothing reaches it any more.
    func cutOff() { state.withLock { $0.isDead = true } }

    func send(
        _ request: UpstreamRequest,
        marking handover: Handover,
    ) async throws -> UpstreamResponse {
        let text = String(buffer: request.body)
        guard
            let subject = text.firstRange(of: "\"user\":\"").map({ text[$0.upperBound...] })?
                .prefix(while: { $0 != "\"" }), let plan = plans[String(subject)]
        else { preconditionFailure("a request without a plan: \(text)") }
        if state.withLock(\.isDead) { throw ForwardingError.unreachable }
        try handover.mark()
        state.withLock { $0.calls.append(String(subject)) }
        try await clock.sleep(for: .milliseconds(plan.delay))
        switch plan.answer {
        case .brokenBeforeHead: throw ForwardingError.brokenOff
        case .silent: try await clock.sleep(for: .seconds(10_000))
        case .refused: return response(429, plan, ["{\"error\":{\"message\":\"slow down\"}}"])
        case .whole, .usageTwice, .noUsage, .absurdUsage, .hugeUsage, .endless: break
        case .errorEvent, .brokenStream, .brokenMidway, .stalled: break
        }
        return response(200, plan, plan.isStream ? plan.events : [plan.whole])
    }

    private func response(_ status: Int, _ plan: AgentPlan, _ pieces: [String]) -> UpstreamResponse
    {
        let isStream = plan.isStream && status == 200
        return UpstreamResponse(
            status: status,
            headers: [.contentType: isStream ? "text/event-stream" : "application/json"],
            body: Pieces(
                pieces: pieces,
                delay: .milliseconds(plan.delay / 8),
                end: plan.end,
                clock: clock,
            ),
        )
    }
}

/// A body that arrives slowly, and perhaps not to its end.
private struct Pieces: UpstreamBody {
    /// How it stops.
    enum End {
        case whole
        /// Reset before its last piece, or after half of them.
        case lacksLast, half
        /// Nothing more comes after half of them.
        case stall
    }

    let pieces: [String]
    let delay: Duration
    let end: End
    let clock: HandSleeper

    private var arriving: ArraySlice<String> {
        switch end {
        case .whole: pieces[...]
        case .lacksLast: pieces.dropLast()
        case .half, .stall: pieces.prefix(pieces.count / 2)
        }
    }

    func read(_ take: (ByteBuffer) async throws -> Bool) async throws {
        for piece in arriving {
            if delay > .zero { try await clock.sleep(for: delay) } else { await Task.yield() }
            try Task.checkCancellation()
            guard try await take(ByteBuffer(string: piece)) else { return }
        }
        switch end {
        case .whole: break
        case .lacksLast, .half: throw ForwardingError.brokenOff
        case .stall: try await clock.sleep(for: .seconds(10_000))
        }
    }
}

extension AgentPlan {
    fileprivate var end: Pieces.End {
        switch answer {
        case .brokenStream: .lacksLast
        case .brokenMidway: .half
        case .stalled: .stall
        case .whole, .usageTwice, .noUsage, .absurdUsage, .hugeUsage, .endless: .whole
        case .errorEvent, .brokenBeforeHead, .refused, .silent: .whole
        }
    }

    /// The text that is answered: a word for each token.
    private var words: [String] {
        let count = answer == .endless ? 2000 : max(1, output)
        return [String](repeating: "word", count: min(count, 2000))
    }

    private var usage: String {
        switch answer {
        case .noUsage: "null"
        // The most that a report is believed.
        case .hugeUsage: "{\"prompt_tokens\":1000000000,\"completion_tokens\":1000000000}"
        case .absurdUsage:
            switch output % 3 {
            case 0: "{\"prompt_tokens\":-5,\"completion_tokens\":1.5}"
            case 1: "{\"prompt_tokens\":\(Int64.max),\"completion_tokens\":\(Int64.max)}"
            default: "{\"prompt_tokens\":1e99,\"completion_tokens\":\"many\"}"
            }
        default: "{\"prompt_tokens\":\(inputReported),\"completion_tokens\":\(output)}"
        }
    }

    fileprivate var whole: String {
        if answer == .errorEvent { return "{\"error\":{\"message\":\"broken\"}}" }
        let text = words.joined(separator: " ")
        return "{\"id\":\"c\",\"created\":1,\"model\":\"sample\",\"choices\":[{\"index\":0,"
            + "\"message\":{\"content\":\"\(text)\"},\"finish_reason\":\"stop\"}],\"usage\":\(usage)}"
    }

    fileprivate var events: [String] {
        let head = "\"id\":\"c\",\"created\":1,\"model\":\"sample\""
        let words = words
        let text = stride(from: 0, to: words.count, by: 8).map { start in
            let piece = words[start..<min(start + 8, words.count)].joined(separator: " ")
            return
                "data: {\(head),\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\(piece)\"}}]}\n\n"
        }
        let report = "data: {\(head),\"choices\":[],\"usage\":\(usage)}\n\n"
        let early =
            "data: {\(head),\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n"
        let done = "data: [DONE]\n\n"
        switch answer {
        case .errorEvent: return text + ["data: {\"error\":{\"message\":\"broken\"}}\n\n"]
        case .usageTwice: return [early] + text + [report, done]
        case .noUsage: return text + [done]
        default: return text + [report, done]
        }
    }
}
