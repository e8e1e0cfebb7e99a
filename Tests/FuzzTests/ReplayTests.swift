import FuzzProperties
import Testing

/// The fuzzer's corpus, without the fuzzer: no second build configuration is needed.
@Suite struct ReplayTests {
    @Test(arguments: FuzzTarget.allCases)
    func `what was found once holds for ever`(target: FuzzTarget) throws {
        for seed in try Corpus.seeds(of: target) {
            do throws(BrokenProperty) {
                _ = try target.check(seed.bytes)
            } catch {
                Issue.record("\(target.rawValue)/\(seed.name): \(error)")
            }
        }
    }

    /// A corpus of nothing but refused inputs would try next to nothing.
    @Test(arguments: FuzzTarget.allCases)
    func `the corpus has inputs that are taken and inputs that are refused`(
        target: FuzzTarget
    ) throws {
        let verdicts = try Corpus.seeds(of: target).map { seed in try target.check(seed.bytes) }
        #expect(verdicts.count { $0 == .accepted } >= 3)
        #expect(verdicts.contains(.refused))
    }

    /// The shortest inputs are where lengths go wrong.
    @Test(arguments: FuzzTarget.allCases)
    func `every input of up to two bytes holds`(target: FuzzTarget) throws {
        _ = try target.check([])
        for first in UInt8.min...UInt8.max {
            _ = try target.check([first])
            for second in Array("{}[]\"\r\n0-/\\.\u{FF}".utf8) {
                _ = try target.check([first, second])
            }
        }
    }

    @Test func `every folder of the corpus is a target's, and all are small`() throws {
        #expect(try Corpus.targets() == FuzzTarget.allCases.map(\.rawValue).sorted())
        let sizes = try FuzzTarget.allCases.flatMap { try Corpus.seeds(of: $0).map(\.bytes.count) }
        #expect(sizes.reduce(0, +) < 1_000_000)
    }
}
