import GatewayTestKit
import Primitives
import Receipts

/// What an agent heard of one answer, to its end or until it left.
struct Heard: Sendable {
    let agent: Int
    let receipt: InferenceID
    /// In which life of the gateway.
    let life: Int
    var text: String
    /// Whether nothing more was to come.
    var isOver = false
    /// Whether a commit had failed by then, so that what was told as broken may yet be on the disk.
    var isUnsure = false

    /// Whether the agent saw the end of an answer, and not of a broken one.
    func isSeen(_ plan: AgentPlan) -> Bool { isOver && (!plan.isStream || isTerminated) }

    /// Whether a stream ended with its terminal event.
    var isTerminated: Bool { text.hasSuffix("data: [DONE]\n\n") }
    /// Whether a stream ended with the word that it is broken.
    private var isBroken: Bool { text.contains("data: {\"error\":") }
    private var isCut: Bool { text.contains("\"finish_reason\":\"length\"") }

    /// Whether a stream that is over ended in the way of its receipt's outcome; without a receipt
    /// nothing is owed, and it is broken.
    ///
    /// Only an upstream that can fail does so while its agent is away.
    func endsAs(_ outcome: Receipt.Outcome?, mayBreak: Bool) -> Bool {
        switch outcome {
        case .completed: isTerminated
        case .cut: isTerminated && isCut
        case .interrupted, nil: isBroken
        case .disconnected: isTerminated || mayBreak && isBroken
        }
    }
}

extension World {
    /// Every agent of one answer, the first and those who asked again, was told the same bytes from
    /// the start, and who listened to the end was told that it is one.
    func checkHeard(_ books: MemoryBooks, _ place: String) {
        var longest: [InferenceID: Heard] = [:]
        for heard in heard {
            let (plan, receipt) = (plans[heard.agent], books.receipts[heard.receipt])
            if heard.isOver, plan.isStream, !heard.isUnsure,
                !heard.endsAs(receipt?.outcome, mayBreak: plan.answer.mayBreak)
            {
                complain(
                    "\(place): what agent \(heard.agent) heard of \(heard.receipt) has no end: "
                        + "\(heard.text.suffix(200))"
                )
            }
            guard let other = longest[heard.receipt] else {
                longest[heard.receipt] = heard
                continue
            }
            let (less, more) =
                heard.text.utf8.count < other.text.utf8.count ? (heard, other) : (other, heard)
            longest[heard.receipt] = more
            if !more.text.hasPrefix(less.text) || less.isOver && less.text != more.text {
                complain(
                    "\(place): agents \(less.agent) and \(more.agent) heard \(heard.receipt) "
                        + "differently"
                )
            }
        }
    }
}
