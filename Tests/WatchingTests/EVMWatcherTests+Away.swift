import ChainFormats
import Deposits
import GatewayTestKit
import Primitives
import Testing

@testable import Watching

/// What happens while nobody looks, and what is older than the watch.
extension EVMWatcherTests {
    @Test(arguments: [0, 60, 70, 300])
    func `what left its chain is taken back, however long nobody looked`(
        _ blocks: Int
    ) async throws {
        try await addCustomer()
        chain.mine([pay(5)])
        chain.finalise()
        _ = try await watcher().look()
        #expect(try await balance() == 5)
        try await leave(before: blocks)
        #expect(try await balance() == 0)
    }

    @Test(arguments: [0, 70, 300])
    func `what was seen and left its chain is not waited for, however long nobody looked`(
        _ blocks: Int
    ) async throws {
        try await addCustomer()
        chain.mine([pay(5)])
        _ = try await watcher().look()
        #expect(try await store.deposits(on: "tempo", in: .seen).count == 1)
        try await leave(before: blocks)
        #expect(try await store.deposits(on: "tempo", in: .seen).isEmpty)
    }

    /// Has the last block replaced and so many mined before the next look.
    private func leave(before blocks: Int) async throws {
        chain.reorganise(1)
        for _ in 0..<blocks { chain.mine() }
        chain.finalise()
        _ = try await watcher().look()
    }

    @Test func `what left its chain is taken back while another transaction can not be read`()
        async throws
    {
        try await addCustomer()
        chain.mine([pay(5)])
        chain.finalise()
        _ = try await watcher().look()
        chain.reorganise(1)
        let hash = try #require(chain.mine([pay(7)]).first)
        chain.withhold(hash, .missing("it"))
        chain.finalise()
        await #expect(throws: RPCFailure.self) { try await watcher().look() }
        #expect(try await balance() == 0)
        chain.withhold(hash, nil)
        _ = try await watcher().look()
        #expect(try await balance() == 7)
    }

    @Test(arguments: [
        RPCFailure.refused(method: "eth_getTransactionReceipt", code: -32_000, "it is pruned"),
        .missing("it"), .inconsistent("it is another's"),
    ])
    func `one of its own that the first node does not tell holds up others for some minutes`(
        _ failure: RPCFailure
    ) async throws {
        try await addCustomer()
        let hash = chain.mine([pay(1)], [pay(10)], [pay(100)])[1]
        for _ in 0..<100 { chain.mine() }
        chain.mine([pay(1000)])
        chain.finalise()
        chain.withhold(hash, failure)
        let clock = HandClock(at: .second(100))
        let watcher = watcher(at: clock)
        for _ in 0..<2 {
            await #expect(throws: RPCFailure.self) { try await watcher.look() }
            // What is listed beside it does not wait.
            #expect(try await balance() == 101)
            #expect(try await store.read { $0.cursor(of: "blocks/tempo") } == "0")
            clock.advance(by: .seconds(599))
        }
        clock.advance(by: .seconds(1))
        _ = try await watcher.look()
        #expect(try await balance() == 1101)
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [1: 1])
        chain.withhold(hash, nil)
        // Also after a start, which waits for nothing that is remembered.
        _ = try await self.watcher(at: clock).look()
        #expect(try await balance() == 1111)
    }

    @Test(arguments: [nil, 20] as [Int64?])
    func `what is before the beginning of a watch is never credited, by a list, a hash or a start`(
        _ firstBlock: Int64?
    ) async throws {
        try await addCustomer()
        let old = try #require(chain.mine([pay(5)]).first)
        for _ in 0..<19 { chain.mine() }
        chain.finalise()
        _ = try await watcher(firstBlock: firstBlock).look()
        let new = try #require(chain.mine([pay(70)]).first)
        chain.finalise()
        // The beginning is named once.
        for firstBlock in [firstBlock, nil, 0] {
            let watcher = watcher(firstBlock: firstBlock)
            _ = try await watcher.look()
            guard case .tooEarly = try await watcher.claim(old) else {
                Issue.record("it is claimed")
                return
            }
            guard case .deposits = try await watcher.claim(new) else {
                Issue.record("it is not claimed")
                return
            }
        }
        #expect(try await balance() == 70)
    }
}
