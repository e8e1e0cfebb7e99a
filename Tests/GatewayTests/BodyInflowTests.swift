import NIOCore
import Pricing
import RateLimits
import Testing

@testable import Gateway

@Suite struct BodyInflowTests {
    private func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0x61, count: count) }

    private func refusal(_ body: @Sendable () async throws -> Void) async -> GatewayError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? GatewayError
        }
    }

    @Test(arguments: [0, 1000, 1 << 30, .max])
    func `room is made for what has come, and not for all that is announced`(announced: Int) {
        var gathered = GatheredBytes(announced: announced)
        for _ in 0..<100 {
            gathered.append(bytes(1000))
            #expect(gathered.bytes.capacity <= max(2048, 16 * gathered.count))
        }
        #expect(gathered.bytes == bytes(100_000))
    }

    @Test func `a body that is announced truly is moved twice at most while it comes`() {
        var gathered = GatheredBytes(announced: 4 << 20)
        var places: Set<Int> = []
        for _ in 0..<64 {
            gathered.append(bytes(64 << 10))
            places.insert(gathered.bytes.capacity)
        }
        #expect(places.count <= 3)
    }

    @Test func `a body is whole once its end has come, up to the limit`() async throws {
        for (count, isTaken) in [(0, true), (999, true), (1000, true), (1001, false)] {
            let inflow = BodyInflow(bytes(0)) {}
            inflow.append(bytes(count))
            inflow.end(.success(()))
            if isTaken {
                #expect(try await inflow.whole(upTo: 1000) == bytes(count))
            } else {
                await #expect(throws: GatewayError.bodyTooLarge(limit: 1000)) {
                    try await inflow.whole(upTo: 1000)
                }
            }
        }
    }

    @Test func `a body beyond the limit is refused before its end has come`() async {
        let inflow = BodyInflow(bytes(1000)) {}
        async let refusal = refusal { _ = try await inflow.whole(upTo: 1000) }
        inflow.append(bytes(1))
        let refused = await refusal
        #expect(refused == .bodyTooLarge(limit: 1000))
        #expect(inflow.isFull)
    }

    @Test func `a body that breaks off is not taken for a whole one`() async {
        let inflow = BodyInflow(bytes(10)) {}
        inflow.append(bytes(10))
        inflow.end(.failure(GatewayError.bodyTooSlow))
        inflow.end(.success(()))
        await #expect(throws: GatewayError.bodyTooSlow) { try await inflow.whole(upTo: 1000) }
    }

    @Test func `what nobody reads yet fills up, and has room when somebody wants it`() async throws
    {
        let wanted = Departure()
        let inflow = BodyInflow(bytes(1 << 20)) { wanted.signal() }
        #expect(inflow.isFull)
        async let whole = inflow.whole(upTo: 4 << 20)
        while !wanted.isGone { await Task.yield() }
        #expect(!inflow.isFull)
        inflow.append(bytes(1 << 20))
        inflow.end(.success(()))
        let got = try await whole
        #expect(got == bytes(2 << 20))
    }

    /// A body that is counted where there is room for 1,000 bytes beyond what is free.
    struct Counted: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What it will have, by its head; 0 for chunks.
        let announced: Int
        /// What has come before anybody wants it.
        let early: Int
        let pieces: [Int]
        let isTaken: Bool
        /// What is held for it when all has come.
        let held: Int

        init(
            _ name: String,
            announced: Int,
            early: Int,
            _ pieces: [Int],
            _ isTaken: Bool,
            held: Int,
        ) {
            testDescription = name
            self.announced = announced
            self.early = early
            self.pieces = pieces
            self.isTaken = isTaken
            self.held = held
        }
    }

    private static let free = BodyInflow.free

    static let counted = [
        Counted("what is free", announced: 0, early: 0, [free - 1, 1], true, held: 0),
        Counted(
            "all that there is",
            announced: free + 1000,
            early: 0,
            [free, 1000],
            true,
            held: 1000,
        ),
        Counted("a byte beyond", announced: 0, early: 0, [free, 1], true, held: 1),
        Counted("much, of which nothing comes", announced: .max, early: 0, [], true, held: 0),
        Counted(
            "much, of which little comes",
            announced: .max,
            early: 0,
            [free, 1],
            true,
            held: 1,
        ),
        Counted(
            "partly there",
            announced: free + 1000,
            early: free + 900,
            [100],
            true,
            held: 1000,
        ),
        Counted("chunks", announced: 0, early: 0, [free + 400, 400, 200], true, held: 1000),
        Counted("a byte too many", announced: 0, early: 0, [free, 1000, 1], false, held: 1000),
        Counted("too many at once", announced: 0, early: free + 1001, [], false, held: 0),
    ]

    @Test(arguments: counted)
    func `a body that is counted needs room for what comes of it, and not for what is announced`(
        _ row: Counted
    ) async throws {
        let limiter = ByteLimiter(ByteLimit(total: 1000, each: 1000))
        let room = limiter.room(of: "a")
        let wanted = Departure()
        let isWanted = row.isTaken || !row.pieces.isEmpty
        let inflow = BodyInflow(bytes(row.early), announced: row.announced) { wanted.signal() }
        // What finds no room is not asked for; were it, it would end here instead.
        if !isWanted { wanted.whenGone { inflow.end(.success(())) } }
        async let refusal = refusal { _ = try await inflow.whole(upTo: 1 << 20, in: room) }
        while isWanted, !wanted.isGone { await Task.yield() }
        for piece in row.pieces { inflow.append(bytes(piece)) }
        #expect(limiter.held == row.held)
        if isWanted { inflow.end(.success(())) }
        let refused = await refusal
        #expect(refused == (row.isTaken ? nil : .unprovenBodiesFull))
        #expect(wanted.isGone == isWanted)
        // What comes then is neither kept nor counted.
        inflow.append(bytes(100_000))
        #expect(inflow.isFull)
        room.giveBack()
        #expect(limiter.held == 0)
    }

    @Test(arguments: [(0, true), (1, false), (free, false), (free + 1, true), (.max, true)])
    func `a body needs room where more of it may come than is free`(
        _ announced: Int,
        _ mayNeedRoom: Bool,
    ) {
        let inflow = BodyInflow(bytes(1), announced: announced) {}
        #expect(inflow.mayNeedRoom == mayNeedRoom)
        #expect(ArrivedBody.coming(inflow).mayNeedRoom == mayNeedRoom)
        // What is there already is not waited for.
        #expect(!ArrivedBody.whole(bytes(1 << 20)).mayNeedRoom)
    }

    struct Bound: Sendable {
        /// In KiB.
        let bodyLimit, limit, total, each: Int
    }

    static let bounds: [Bound] = [
        Bound(bodyLimit: 32_768, limit: 65_536, total: 65_536, each: 32_768),
        Bound(bodyLimit: 32_768, limit: 1_048_576, total: 1_048_576, each: 524_288),
        Bound(bodyLimit: 32_768, limit: 40_000, total: 40_000, each: 32_768),
        // A body of any size that is taken finds room.
        Bound(bodyLimit: 32_768, limit: 1, total: 32_768, each: 32_768),
        Bound(bodyLimit: 1_048_576, limit: 65_536, total: 1_048_576, each: 1_048_576),
        Bound(bodyLimit: 1, limit: 1024, total: 1024, each: 512),
    ]

    @Test(arguments: bounds)
    func `one body of any size finds room, and one address leaves half where it can`(
        _ row: Bound
    ) {
        var settings = GatewaySettings(publicURL: nil, holds: HoldPolicy(mode: .strict))
        settings.bodyLimit = row.bodyLimit << 10
        settings.unprovenBodyLimit = row.limit << 10
        let bound = settings.unprovenBodies
        #expect((bound.total, bound.each) == (row.total << 10, row.each << 10))
    }
}
