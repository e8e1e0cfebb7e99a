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
/// slows the inference, which slows the upstream. An answer that is kept for retries can be read
/// again from its start, by any number of readers, while its ``ReplayBudget`` allows; the fastest
/// of them is the one that it waits for.
package final class Downstream: Sendable {
    fileprivate struct State {
        var head: AnswerHead?
        /// The body from `start` on.
        var bytes = ByteBuffer()
        var start = 0
        /// How far the fastest reader has read.
        var read = 0
        var isFinished = false
        var isGone = false
        /// What the kept answer is counted against; `nil` where it is not kept.
        var budget: ReplayBudget?
        /// How many bytes are counted.
        var kept = 0
        var readers: [CheckedContinuation<Void, Never>] = []
        var writer: CheckedContinuation<Void, Never>?
    }

    /// What a reader gets.
    package enum Piece: Sendable {
        case bytes(ByteBuffer)
        case end
        /// The answer is not kept that far back any more.
        case lost
    }

    /// How many bytes wait for the connection before the inference waits for it.
    private static let highWater = 64 << 10
    /// What an answer that is kept takes in memory beside its head and body, roughly.
    package static let ownBytes = 1 << 10

    /// Who reads.
    package let audience = Audience()

    private let state: Mutex<State>

    /// - Parameter budget: what the answer is counted against that is kept for retries; `nil` keeps
    ///   nothing.
    package init(keepingWithin budget: ReplayBudget? = nil) {
        var state = State(budget: budget)
        state.count(Downstream.ownBytes)
        self.state = Mutex(state)
    }

    // MARK: The inference's side

    /// Whether nobody reads.
    package var isGone: Bool { state.withLock(\.isGone) }

    /// Whether the whole answer so far can be read again.
    package var isKept: Bool { state.withLock { $0.budget != nil } }

    /// The receipt that the head names, once there is one.
    var receipt: String? { state.withLock { $0.head?.headers[.receipt] } }

    /// Whether the inference waits for an agent that does not read.
    var isBlocked: Bool { state.withLock { $0.writer != nil } }

    /// Sends the head, once.
    package func send(_ head: AnswerHead) {
        change { state in
            state.head = head
            state.count((head.body?.readableBytes ?? 0) + head.headers.byteCount)
        }
    }

    /// Sends bytes of the body; returns when there is room for more, or the agent has left.
    package func write(_ bytes: ByteBuffer) async {
        var isFull = false
        change { state in
            state.count(bytes.readableBytes)
            guard !state.isGone || state.budget != nil else {
                return state.drop(bytes.readableBytes)
            }
            var bytes = bytes
            state.bytes.writeBuffer(&bytes)
            isFull = state.isFull(Downstream.highWater)
        }
        if isFull { await waitForRoom() }
    }

    /// Ends the body.
    ///
    /// Without a head before it, the connection is closed.
    package func finish() { change { $0.isFinished = true } }

    /// Keeps the answer no longer.
    package func forget() { state.withLock { $0.dropKept() } }

    private func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    if !state.isFull(Downstream.highWater) || Task.isCancelled { return true }
                    state.writer = continuation
                    return false
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            wakeWriter()
        }
    }

    private func wakeWriter() {
        let writer = state.withLock { state in
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume()
    }

    private func change(_ body: (inout State) -> Void) {
        let readers = state.withLock { state in
            body(&state)
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.resume() }
    }

    // MARK: The connection's side

    /// The head, or `nil` where there is none.
    package func head() async -> AnswerHead? {
        await wait { state -> AnswerHead?? in
            if let head = state.head { return head }
            return state.isFinished ? .some(nil) : nil
        }
    }

    /// Returns when the answer has ended, with or without a head.
    func finished() async { await wait { $0.isFinished ? () : nil } }

    /// What there is of the body from `offset` on, or comes next.
    ///
    /// - Parameter offset: how much of the body the reader has.
    /// - Returns: bytes, or how it ended.
    package func next(from offset: Int) async -> Piece {
        let piece = await wait { state -> Piece? in
            guard offset >= state.start else { return .lost }
            let bytes = state.bytes(from: offset)
            state.hasRead(offset + bytes.readableBytes)
            if bytes.readableBytes > 0 { return .bytes(bytes) }
            return state.isFinished ? .end : nil
        }
        wakeWriter()
        return piece
    }

    /// Nobody reads any more: what is not kept is dropped.
    func leave() {
        state.withLock { $0.isGone = true }
        wakeWriter()
    }

    /// Somebody reads again, from the start.
    func comeBack() {
        state.withLock { state in
            state.isGone = false
            state.read = state.start
        }
    }

    private func wait<Found: Sendable>(
        for found: @Sendable (inout State) -> Found?
    ) async -> Found {
        while true {
            if let found = state.withLock({ found(&$0) }) { return found }
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    var scratch = state
                    if found(&scratch) != nil { return true }
                    state.readers.append(continuation)
                    return false
                }
                if isThere { continuation.resume() }
            }
        }
    }
}

extension Downstream.State {
    fileprivate func isFull(_ limit: Int) -> Bool {
        !isGone && start + bytes.readableBytes - read > limit
    }

    fileprivate func bytes(from offset: Int) -> ByteBuffer {
        var rest = bytes
        rest.moveReaderIndex(forwardBy: min(offset - start, rest.readableBytes))
        return rest
    }

    /// Counts bytes that are about to be kept; where they are too many, the answer is not kept.
    fileprivate mutating func count(_ more: Int) {
        guard let budget else { return }
        if budget.take(more, having: kept) { kept += more } else { dropKept() }
    }

    fileprivate mutating func dropKept() {
        budget?.giveBack(kept)
        budget = nil
        kept = 0
        hasRead(read)
    }

    /// Lets go of all there is and of what would follow it: a reader who comes for it finds it lost.
    fileprivate mutating func drop(_ more: Int) {
        start += bytes.readableBytes + more
        bytes.clear()
    }

    /// Takes note of how far a reader has read, and lets go of what nobody will read again.
    fileprivate mutating func hasRead(_ offset: Int) {
        read = max(read, offset)
        guard budget == nil else { return }
        let passed = min(max(read - start, 0), bytes.readableBytes)
        bytes.moveReaderIndex(forwardBy: passed)
        start += passed
        bytes.discardReadBytes()
    }
}

extension HTTPFields {
    fileprivate var byteCount: Int {
        reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }
    }
}
