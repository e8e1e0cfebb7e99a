import RateLimits
import Testing

@Suite struct ByteLimiterTests {
    /// What a caller does with room of its own, and what is held after it.
    struct Step: Sendable {
        enum Deed: Sendable {
            /// Makes it room for so many bytes.
            case grow(Int, isGranted: Bool)
            case giveBack
        }

        /// Which room: `a1` is the first one of `a`.
        let room: String
        let deed: Deed
        let held: Int

        static func grows(_ room: String, to count: Int, _ isGranted: Bool, held: Int) -> Step {
            Step(room: room, deed: .grow(count, isGranted: isGranted), held: held)
        }

        static func givesBack(_ room: String, held: Int) -> Step {
            Step(room: room, deed: .giveBack, held: held)
        }
    }

    /// Of 100 bytes together and 60 of one caller's.
    static let histories: [[Step]] = [
        // More than one may have, or than there is, is refused, and what was had stays.
        [.grows("a1", to: 61, false, held: 0), .grows("a1", to: 60, true, held: 60)],
        [.grows("a1", to: 101, false, held: 0)],
        [.grows("a1", to: .max, false, held: 0), .grows("a1", to: 1, true, held: 1)],
        [.grows("a1", to: 40, true, held: 40), .grows("a1", to: 61, false, held: 40)],
        // One caller's are counted together, and all callers'.
        [.grows("a1", to: 40, true, held: 40), .grows("a2", to: 21, false, held: 40)],
        [.grows("a1", to: 40, true, held: 40), .grows("a2", to: 20, true, held: 60)],
        [.grows("a1", to: 60, true, held: 60), .grows("b1", to: 41, false, held: 60)],
        [.grows("a1", to: 60, true, held: 60), .grows("b1", to: 40, true, held: 100)],
        [
            .grows("a1", to: 60, true, held: 60), .grows("b1", to: 40, true, held: 100),
            .grows("c1", to: 1, false, held: 100), .grows("c1", to: 0, true, held: 100),
        ],
        // It grows by what it lacks, and never becomes less.
        [
            .grows("a1", to: 10, true, held: 10), .grows("a1", to: 30, true, held: 30),
            .grows("a1", to: 20, true, held: 30), .grows("a1", to: 60, true, held: 60),
        ],
        // What is given back is there for others, once, and what was given back grows no more.
        [
            .grows("a1", to: 60, true, held: 60), .givesBack("a1", held: 0),
            .givesBack("a1", held: 0), .grows("a1", to: 1, false, held: 0),
            .grows("a2", to: 60, true, held: 60), .givesBack("a1", held: 60),
        ],
        [
            .grows("a1", to: 60, true, held: 60), .grows("b1", to: 40, true, held: 100),
            .givesBack("a1", held: 40), .grows("c1", to: 60, true, held: 100),
        ],
        [.givesBack("a1", held: 0)],
    ]

    @Test(arguments: histories)
    func `no more is held than there is room for, of all and of one`(_ history: [Step]) {
        let limiter = ByteLimiter(ByteLimit(total: 100, each: 60))
        var rooms: [String: Room] = [:]
        for step in history {
            let room = rooms[step.room] ?? limiter.room(of: String(step.room.prefix(1)))
            rooms[step.room] = room
            switch step.deed {
            case .grow(let count, let isGranted): #expect(room.grow(to: count) == isGranted)
            case .giveBack: room.giveBack()
            }
            #expect(limiter.held == step.held)
        }
        rooms.removeAll()
        #expect(limiter.held == 0 && limiter.callerCount == 0)
    }

    @Test func `room that everybody has forgotten is given back`() {
        let limiter = ByteLimiter(ByteLimit(total: 100, each: 60))
        do {
            let room = limiter.room(of: "a")
            #expect(room.grow(to: 60))
            #expect(limiter.callerCount == 1)
        }
        #expect(limiter.held == 0 && limiter.callerCount == 0)
    }

    @Test func `many at once hold no more than there is`() async {
        let limiter = ByteLimiter(ByteLimit(total: 1000, each: 600))
        let most = await withTaskGroup(of: Int.self) { group in
            for caller in ["a", "b", "c", "d"] {
                for _ in 0..<8 {
                    group.addTask {
                        var most = 0
                        for count in 1...200 {
                            let room = limiter.room(of: caller)
                            _ = room.grow(to: count)
                            _ = room.grow(to: 2 * count)
                            most = max(most, limiter.held)
                            room.giveBack()
                        }
                        return most
                    }
                }
            }
            return await group.reduce(0, max)
        }
        #expect(most > 0 && most <= 1000)
        #expect(limiter.held == 0 && limiter.callerCount == 0)
    }
}
