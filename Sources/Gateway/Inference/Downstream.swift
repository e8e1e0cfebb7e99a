package import HTTPTypes
package import NIOCore
import Synchronization

/// The head of an answer to the agent.
package struct AnswerHead: Sendable {
    package var status: Int
    package var headers: HTTPFields
    /// The whole body, or `nil` where it is streamed.
    package var body: ByteBuffer?

    package init(status: Int, headers: HTTPFields, body: ByteBuffer?) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What stands between the inference, which outlives its agent, and the agent's connection.
///
/// The inference writes, the connection reads. What waits between them is bounded: a slow agent
/// slows the inference, which slows the upstream.
package final class Downstream: Sendable {
    fileprivate struct State {
        var head: AnswerHead?
        var bytes = ByteBuffer()
        var isFinished = false
        var isGone = false
        var headReader: CheckedContinuation<AnswerHead?, Never>?
        var reader: CheckedContinuation<ByteBuffer?, Never>?
        var writer: CheckedContinuation<Void, Never>?
    }

    /// How many bytes wait for the connection before the inference waits for it.
    private static let highWater = 64 << 10

    private let state = Mutex(State())

    package init() {}

    // MARK: The inference's side

    /// Whether the agent has left.
    package var isGone: Bool { state.withLock(\.isGone) }

    /// Sends the head, once.
    package func send(_ head: AnswerHead) {
        let reader = state.withLock { state -> CheckedContinuation<AnswerHead?, Never>? in
            state.head = head
            defer { state.headReader = nil }
            return state.headReader
        }
        reader?.resume(returning: head)
    }

    /// Sends bytes of the body; returns when there is room for more, or the agent has left.
    package func write(_ bytes: ByteBuffer) async {
        let isFull = state.withLock { state -> Bool in
            guard !state.isGone else { return false }
            var bytes = bytes
            state.bytes.writeBuffer(&bytes)
            state.wakeReader()
            return state.bytes.readableBytes > Downstream.highWater
        }
        if isFull { await waitForRoom() }
    }

    /// Ends the body.
    ///
    /// Without a head before it, the connection is closed.
    package func finish() {
        let reader = state.withLock { state -> CheckedContinuation<AnswerHead?, Never>? in
            state.isFinished = true
            state.wakeReader()
            defer { state.headReader = nil }
            return state.headReader
        }
        reader?.resume(returning: nil)
    }

    private func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    if state.bytes.readableBytes <= Downstream.highWater || state.isGone {
                        return true
                    }
                    state.writer = continuation
                    return false
                }
                if mayGoOn || Task.isCancelled { wakeWriter(else: mayGoOn ? continuation : nil) }
            }
        } onCancel: {
            wakeWriter(else: nil)
        }
    }

    private func wakeWriter(else continuation: CheckedContinuation<Void, Never>?) {
        let writer = state.withLock { state in
            defer { state.writer = nil }
            return state.writer
        }
        (continuation ?? writer)?.resume()
    }

    // MARK: The connection's side

    /// The head, or `nil` where there is none.
    package func head() async -> AnswerHead? {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> AnswerHead?? in
                if let head = state.head { return head }
                if state.isFinished { return .some(nil) }
                state.headReader = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// All bytes that wait, or the next that come; `nil` at the end.
    package func next() async -> ByteBuffer? {
        let bytes = await withCheckedContinuation { continuation in
            let known = state.withLock { state -> ByteBuffer?? in
                if state.bytes.readableBytes > 0 { return state.takeBytes() }
                if state.isFinished { return .some(nil) }
                state.reader = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
        wakeWriter(else: nil)
        return bytes
    }

    /// Tells the inference that nobody reads any more.
    package func leave() {
        state.withLock { $0.isGone = true }
        wakeWriter(else: nil)
    }
}

extension Downstream.State {
    fileprivate mutating func takeBytes() -> ByteBuffer {
        defer { bytes = ByteBuffer() }
        return bytes
    }

    /// Hands the reader what there is; it is resumed within the lock, which it does not take.
    fileprivate mutating func wakeReader() {
        guard let reader else { return }
        if bytes.readableBytes > 0 {
            reader.resume(returning: takeBytes())
        } else if isFinished {
            reader.resume(returning: nil)
        } else {
            return
        }
        self.reader = nil
    }
}
