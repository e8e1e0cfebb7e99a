/// Whose turn it is on one connection: what has come of a request, whether it is answered, and when
/// the connection ends.
///
/// One request has one answer, and is answered before the next one is looked at. A request that turns
/// out malformed after its answer has ended gets no second one: whoever sent the next request would
/// take it for its own.
package struct ConnectionTurns {
    private enum Reading {
        /// Nothing of a request whose end has not come.
        case nothing
        /// A request that is not handed on yet.
        case head
        /// The body of the request that was handed on, read or not.
        case body
        /// What is no HTTP, behind the request that is served.
        case garbage
        /// Nothing is read any more.
        case over
    }

    /// What the arrival of something means.
    package enum Arrival: Hashable, Sendable {
        /// Nothing is to be done now.
        case none
        /// The request is served from now on.
        case handOn
        /// The body of the request that is served is whole.
        case bodyIsWhole
        /// The body of the request that is served can not be read.
        case bodyIsBroken
        /// The request is served, and its body can not be read.
        case handOnBroken
        /// What came is refused in the server's own words.
        case refuse
        /// Whatever comes next is looked at.
        case next
        /// The connection ends.
        case leave
    }

    private var reading = Reading.nothing
    /// Whether a request is served whose answer has not ended.
    package private(set) var isServing = false
    /// Whether the connection ends after the answer that is given or comes next.
    package private(set) var isLast = false

    package init() {}

    /// Whether the head of another request is looked at now; otherwise it waits.
    package var takesHead: Bool { reading == .nothing && !isServing && !isLast }

    /// Whether more of a body is to come.
    package var isReadingBody: Bool { reading == .body }

    /// Whether nothing is being read or answered.
    package var isIdle: Bool { reading == .nothing && !isServing }

    /// A head came while one was wanted.
    ///
    /// - Parameter closes: whether the request asks for the connection's end after its answer.
    package mutating func receivesHead(closes: Bool) {
        reading = .head
        if closes { isLast = true }
    }

    /// What was read at once is over: a request whose body has not come by now is served meanwhile.
    package mutating func pauses() -> Arrival {
        guard reading == .head else { return .none }
        reading = .body
        isServing = true
        return .handOn
    }

    /// The request's end came.
    package mutating func receivesEnd() -> Arrival {
        switch reading {
        case .head:
            reading = .nothing
            isServing = true
            return .handOn
        case .body:
            reading = .nothing
            if isServing { return .bodyIsWhole }
            return isLast ? .leave : .next
        case .nothing, .garbage, .over: return .none
        }
    }

    /// Bytes came that are no HTTP, or the agent has ended its side within a request.
    package mutating func receivesGarbage() -> Arrival {
        switch reading {
        case .head:
            reading = .over
            (isServing, isLast) = (true, true)
            return .handOnBroken
        case .body:
            reading = .over
            isLast = true
            return isServing ? .bodyIsBroken : .leave
        case .nothing where isServing:
            reading = .garbage
            return .none
        case .nothing:
            reading = .over
            isLast = true
            return .refuse
        case .garbage, .over: return .none
        }
    }

    /// Nothing follows the answer that is given or owed; where none is, nothing follows at all.
    package mutating func windsUp() -> Arrival {
        isLast = true
        return isServing || reading == .head ? .none : .leave
    }

    /// - Parameter closes: whether the answer tells of the connection's end.
    package mutating func beginsAnswer(closes: Bool) {
        if closes { isLast = true }
    }

    /// The answer has ended.
    package mutating func endsAnswer() -> Arrival {
        isServing = false
        switch reading {
        case .garbage:
            reading = .over
            // Behind an answer that ends the connection nothing is looked at.
            guard !isLast else { return .leave }
            isLast = true
            return .refuse
        case .over: return .leave
        case .nothing: return isLast ? .leave : .next
        case .head, .body: return isLast ? .leave : .none
        }
    }
}
