/// Whose turn it is on one connection: which requests came, which were answered, and when it ends.
///
/// One request has one answer. A request that turns out malformed after its answer has begun gets
/// no second one: whoever sent the next request would take it for its own.
package struct ConnectionTurns {
    private var asked = 0
    private var begun = 0
    private var ended = 0
    private var isReading = false
    /// The request after which nothing is served, by its number.
    private var last: Int?

    package init() {}

    /// Whether the request that is being read is the one that is served.
    package var isReadingWhatIsServed: Bool { isReading && asked - ended <= 1 }

    /// - Parameter closes: whether the request asks for the connection's end after its answer.
    package mutating func receivesHead(closes: Bool) {
        asked += 1
        isReading = true
        if closes { last = last ?? asked }
    }

    package mutating func receivesEnd() { isReading = false }

    /// Bytes came that are no HTTP: what was to be a request's head may be answered, the rest of a
    /// body may not.
    package mutating func receivesGarbage() {
        if !isReading { asked += 1 }
    }

    /// - Parameter closes: whether the answer tells of the connection's end.
    /// - Returns: whether there is a request that it answers.
    package mutating func beginsAnswer(closes: Bool) -> Bool {
        guard begun < asked else { return false }
        begun += 1
        if closes { last = min(last ?? begun, begun) }
        return true
    }

    /// - Returns: whether the connection ends now.
    package mutating func endsAnswer() -> Bool {
        ended += 1
        return last.map { ended >= $0 } ?? false
    }
}
