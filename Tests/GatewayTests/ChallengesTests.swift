import Deposits
import Primitives
import Testing

@testable import Gateway

@Suite struct ChallengesTests {
    private let now = Timestamp(microseconds: 1_767_225_600_000_000)
    private let bounds = Challenges.Bounds(each: 20, total: 30, assured: 3)

    private func wallet(_ number: Int) throws -> Wallet {
        let digits = String(number, radix: 16)
        return try #require(
            Wallet("0x" + String(repeating: "0", count: 40 - digits.count) + digits)
        )
    }

    @Test func `a wallet's word is good once, until its request is too old`() throws {
        let challenges = Challenges()
        let (end, wallet) = (now.advanced(by: .seconds(300)), try wallet(1))
        // To look whether it is used does not use it.
        for _ in 0..<2 { #expect(!challenges.hasSpent("word", of: wallet)) }
        #expect(challenges.spend("word", of: wallet, until: end, at: now) == .first)
        #expect(challenges.spend("word", of: wallet, until: end, at: now) == .again)
        #expect(challenges.hasSpent("word", of: wallet))
        #expect(!challenges.hasSpent("word", of: try self.wallet(2)))
        let last = now.advanced(by: .seconds(299))
        #expect(challenges.spend("word", of: wallet, until: end, at: last) == .again)
        // Another's is another word.
        #expect(challenges.spend("word", of: try self.wallet(2), until: end, at: last) == .first)
        // It is forgotten soon after nobody could use it any more.
        let (after, later) = (end.advanced(by: .seconds(10)), end.advanced(by: .seconds(300)))
        #expect(challenges.spend("word", of: wallet, until: later, at: after) == .first)
    }

    @Test func `who uses up all of its words keeps nobody from theirs`() throws {
        let challenges = Challenges(bounds: bounds)
        func spend(_ count: Int, of wallet: Wallet) -> [Challenges.Use] {
            let end = now.advanced(by: .seconds(300))
            return (0..<count).map { challenges.spend("\($0)", of: wallet, until: end, at: now) }
        }
        let flood = spend(25, of: try wallet(1))
        #expect(flood.prefix(20).allSatisfy { $0 == .first })
        #expect(flood.dropFirst(20).allSatisfy { $0 == .tooMany })
        #expect(spend(1, of: try wallet(1)) == [.again])
        // Where many flood together, each newcomer has what is assured.
        #expect(spend(10, of: try wallet(2)).allSatisfy { $0 == .first })
        for number in 3..<20 {
            #expect(spend(4, of: try wallet(number)) == [.first, .first, .first, .tooMany])
        }
    }
}
