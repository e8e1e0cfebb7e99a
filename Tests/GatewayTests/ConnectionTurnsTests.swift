import Gateway
import Testing

/// Which request an answer belongs to, and when a connection ends.
@Suite struct ConnectionTurnsTests {
    /// What happens on a connection.
    enum Event: Sendable {
        case head(closes: Bool)
        case pause, end, garbage, windUp
        case begin(closes: Bool)
        case finish

        static let head = Event.head(closes: false)
        static let begin = Event.begin(closes: false)
    }

    private func arrivals(_ events: [Event]) -> [ConnectionTurns.Arrival] {
        var turns = ConnectionTurns()
        return events.compactMap { event in
            switch event {
            case .head(let closes):
                turns.receivesHead(closes: closes)
                return nil
            case .begin(let closes):
                turns.beginsAnswer(closes: closes)
                return nil
            case .pause: return turns.pauses()
            case .end: return turns.receivesEnd()
            case .garbage: return turns.receivesGarbage()
            case .windUp: return turns.windsUp()
            case .finish: return turns.endsAnswer()
            }
        }
    }

    @Test(
        arguments: [
            // A connection stays for the next request.
            ([.head, .end, .begin, .finish, .head, .end], [.handOn, .next, .handOn]),
            // A body that has not come with its head is read while the request is served.
            ([.head, .pause, .end, .begin, .finish], [.handOn, .bodyIsWhole, .next]),
            // A body that nobody read is passed over before the next request.
            ([.head, .pause, .begin, .finish, .end], [.handOn, .none, .next]),
            // A connection ends after the answer that says so, or whose request did.
            ([.head(closes: true), .end, .begin, .finish], [.handOn, .leave]),
            ([.head, .end, .begin(closes: true), .finish], [.handOn, .leave]),
            // What is no HTTP is refused, once.
            ([.garbage, .garbage], [.refuse, .none]),
            ([.head, .end, .begin, .finish, .garbage], [.handOn, .next, .refuse]),
            // Behind a request that is served it is refused after that one's answer.
            ([.head, .end, .garbage, .begin, .finish], [.handOn, .none, .refuse]),
            // Behind one that ends the connection nothing is looked at.
            ([.head(closes: true), .end, .garbage, .begin, .finish], [.handOn, .none, .leave]),
            ([.head, .end, .garbage, .begin(closes: true), .finish], [.handOn, .none, .leave]),
            // A body that turns out malformed gets its request's answer and no second one.
            ([.head, .garbage, .begin, .finish], [.handOnBroken, .leave]),
            ([.head, .pause, .garbage, .begin, .finish], [.handOn, .bodyIsBroken, .leave]),
            ([.head, .pause, .begin, .finish, .garbage], [.handOn, .none, .leave]),
            // A stop ends what is idle, or does nothing but send a body, and nothing else.
            ([.windUp], [.leave]),
            ([.head, .end, .windUp, .begin, .finish], [.handOn, .none, .leave]),
            ([.head, .pause, .begin, .finish, .windUp], [.handOn, .none, .leave]),
        ] as [([Event], [ConnectionTurns.Arrival])]
    )
    func `each arrival is served, refused or passed over in its turn`(
        events: [Event],
        expected: [ConnectionTurns.Arrival],
    ) {
        #expect(arrivals(events) == expected)
    }

    @Test func `a request waits while another is served or read`() {
        var turns = ConnectionTurns()
        #expect(turns.takesHead)
        turns.receivesHead(closes: false)
        #expect(!turns.takesHead)
        _ = turns.pauses()
        turns.beginsAnswer(closes: false)
        _ = turns.endsAnswer()
        #expect(!turns.takesHead && turns.isReadingBody && !turns.isIdle)
        _ = turns.receivesEnd()
        #expect(turns.takesHead && turns.isIdle)
    }
}
