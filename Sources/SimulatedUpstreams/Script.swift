import NIOCore

/// An answer as bytes and what to do with them.
///
/// A script whose last step sends is a complete answer; the others break or stall.
struct Script {
    enum Step: Equatable {
        /// Writes and flushes everything up to the index.
        case send(upTo: Int)
        case pause(Duration)
        /// Ends the connection with a FIN.
        case close
        /// Ends the connection with a RST.
        case reset
        /// Does nothing until the client leaves.
        case stall
    }

    var bytes = ByteBuffer()
    var steps: [Step] = []
    /// The status of the head; nil when there is no head.
    var status: Int?
    /// The tokens of the whole answer.
    var sent = SentTokens()
    /// Whether other connections get their turn after each piece, so that pieces leave apart.
    var yields = false
    /// Whether the connection ends after the answer.
    var closesAfter = false
}
