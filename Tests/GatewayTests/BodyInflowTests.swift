import Gateway
import NIOCore
import Testing

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
}
