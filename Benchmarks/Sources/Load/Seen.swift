import NIOCore

/// What was seen in a run; times in nanoseconds.
struct Seen {
    var asked = 0
    var began = 0
    /// Good answers, also those that came when the time was up: the server has worked for each.
    private var served = 0
    var errors = 0
    private var latencies: [Int64] = []
    private var firstBytes: [Int64] = []
    private var chunkDelays: [Int64] = []
    private var refused = 0

    mutating func take(_ answer: Client.Answer, isLate: Bool) {
        guard answer.isGood else {
            refused += 1
            return
        }
        served += 1
        guard !isLate else { return }
        latencies.append(answer.end - answer.due)
        firstBytes.append(answer.firstByte - answer.due)
    }

    /// Each piece of text is the moment at which it was written: `t123 `.
    mutating func takeChunks(of text: ByteBuffer, at now: Int64) {
        var sent: Int64?
        for byte in text.readableBytesView {
            switch byte {
            case UInt8(ascii: "t"): sent = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if let so = sent { sent = so &* 10 &+ Int64(byte - UInt8(ascii: "0")) }
            default:
                // Nothing else in an event is a "t" with sixteen digits or more.
                if let sent, sent > 1_000_000_000_000 { chunkDelays.append(now - sent) }
                sent = nil
            }
        }
    }

    func report(seconds: Double, unanswered: Int) -> String {
        "{\"answered\":\(latencies.count),\"served\":\(served),\"refused\":\(refused),\"errors\":\(errors),"
            + "\"unanswered\":\(unanswered),\"seconds\":\(seconds),"
            + "\"latency_us\":\(percentiles(latencies)),\"first_byte_us\":\(percentiles(firstBytes)),"
            + "\"chunks\":\(chunkDelays.count),\"chunk_delay_us\":\(percentiles(chunkDelays))}"
    }

    private func percentiles(_ times: [Int64]) -> String {
        let sorted = times.sorted()
        let told = [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)].map { name, part in
            let index = min(sorted.count - 1, Int(Double(sorted.count) * part))
            return "\"\(name)\":\(index < 0 ? 0 : Double(sorted[index]) / 1000)"
        }
        return "{\(told.joined(separator: ","))}"
    }
}
