import Gateway
import Testing

/// Which request an answer belongs to, and when a connection ends.
@Suite struct ConnectionTurnsTests {
    @Test func `a connection stays for the next request`() {
        var turns = ConnectionTurns()
        for _ in 1...3 {
            turns.receivesHead(closes: false)
            turns.receivesEnd()
            expect(turns.beginsAnswer(closes: false))
            expect(!turns.endsAnswer())
        }
    }

    @Test func `an answer that nobody asked for is not sent`() {
        var turns = ConnectionTurns()
        expect(!turns.beginsAnswer(closes: true))
    }

    @Test func `a body that turns out malformed after its answer gets no second one`() {
        var turns = ConnectionTurns()
        turns.receivesHead(closes: false)
        turns.receivesGarbage()
        expect(turns.beginsAnswer(closes: false))
        expect(!turns.endsAnswer())
        expect(!turns.beginsAnswer(closes: true))
    }

    @Test func `a head that is malformed is answered`() {
        var turns = ConnectionTurns()
        turns.receivesHead(closes: false)
        turns.receivesEnd()
        turns.receivesGarbage()
        expect(turns.beginsAnswer(closes: false))
        expect(!turns.endsAnswer())
        expect(turns.beginsAnswer(closes: true))
        expect(turns.endsAnswer())
    }

    @Test func `a connection ends after the answer that says so, or whose request did`() {
        for asksForEnd in [true, false] {
            var turns = ConnectionTurns()
            for closes in [false, asksForEnd] {
                turns.receivesHead(closes: closes)
                turns.receivesEnd()
            }
            expect(turns.beginsAnswer(closes: false))
            expect(!turns.endsAnswer())
            expect(turns.beginsAnswer(closes: !asksForEnd))
            expect(turns.endsAnswer())
        }
    }

    @Test func `a body that waits behind another request is not too slow`() {
        var turns = ConnectionTurns()
        turns.receivesHead(closes: false)
        #expect(turns.isReadingWhatIsServed)
        turns.receivesEnd()
        #expect(!turns.isReadingWhatIsServed)
        turns.receivesHead(closes: false)
        #expect(!turns.isReadingWhatIsServed)
        expect(turns.beginsAnswer(closes: false))
        expect(!turns.endsAnswer())
        #expect(turns.isReadingWhatIsServed)
    }

    /// A call that changes something can not be the argument of a macro.
    private func expect(_ value: Bool, at location: SourceLocation = #_sourceLocation) {
        #expect(value, sourceLocation: location)
    }
}
