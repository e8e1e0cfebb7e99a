import NIOCore

/// Goes through a script and says what comes next.
struct ScriptPlayer {
    enum Action {
        /// Write and flush; the last piece completes the answer.
        case send(ByteBuffer, isLast: Bool)
        case pause(Duration)
        case close
        case reset
        case stall
        case finished
    }

    let script: Script
    /// The request in the record; nil for requests to the simulator itself.
    let recordID: Int?
    /// How many pieces were sent.
    private(set) var pieces = 0
    private var next = 0
    private var sentBytes = 0

    init(_ script: Script, recordID: Int?) {
        self.script = script
        self.recordID = recordID
    }

    mutating func advance() -> Action {
        guard next < script.steps.count else { return .finished }
        let step = script.steps[next]
        next += 1
        switch step {
        case .send(let end):
            let piece = script.bytes.slice(sentBytes..<end)
            sentBytes = end
            pieces += 1
            return .send(piece, isLast: next == script.steps.count)
        case .pause(let time): return .pause(time)
        case .close: return .close
        case .reset: return .reset
        case .stall: return .stall
        }
    }
}
