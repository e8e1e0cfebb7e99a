import NIOCore
import NIOHTTP1

/// A request as the simulated upstream received it, and what became of its answer.
package struct ReceivedRequest: Sendable, Identifiable {
    /// How an answer ended.
    package enum Outcome: String, Sendable {
        /// It has not ended yet; stalled answers stay here until the client leaves.
        case answering
        /// The whole answer was handed to the connection.
        case completed
        /// The client left before the end.
        case cancelled
        /// The simulator broke the connection, as its fault told it to.
        case broken
    }

    /// Counts the requests from 1.
    package let id: Int
    package let method: String
    /// With the query.
    package let path: String
    /// The body, complete unless the client left while sending it.
    let content: ByteBuffer
    let fields: HTTPHeaders
    /// The status of the answer; nil when there was no head.
    package internal(set) var status: Int?
    /// The tokens of the whole answer, even if the client left before its end.
    package internal(set) var sent = SentTokens()
    /// How many pieces of the answer were written: its events, unless they were re-cut.
    package internal(set) var pieces = 0
    package internal(set) var outcome = Outcome.answering

    /// Every header field in the order it came.
    package var headers: [(name: String, value: String)] {
        fields.map { (name: $0.name, value: $0.value) }
    }

    package var body: [UInt8] { Array(content.readableBytesView) }

    /// The body as UTF-8, broken bytes repaired.
    package var bodyText: String { String(buffer: content) }

    /// The first value of the field; names ignore case.
    package func header(_ name: String) -> String? { fields.first(name: name) }
}
