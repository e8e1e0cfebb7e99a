package import Primitives
import Synchronization

/// The `Date` of answers (RFC 9110, section 5.6.7), written once a second.
package final class AnswerDate: Sendable {
    private let time: TimeSource
    private let last = Mutex((second: Int64.min, text: ""))

    package init(_ time: TimeSource) { self.time = time }

    package var text: String {
        let now = time.now()
        let second = now.microseconds / 1_000_000
        return last.withLock { last in
            if last.second != second { last = (second, now.httpDate) }
            return last.text
        }
    }
}
