import FoundationEssentials
import Metering
import Testing

struct UsageTests {
    @Test func `every class is either read, written or neither`() {
        let tokens = UsageClass.inputTokens + UsageClass.outputTokens
        #expect(Set(tokens).count == tokens.count)
        #expect(Set(UsageClass.allCases).subtracting(tokens) == [.image, .webSearch, .request])
    }

    @Test func `totals count their classes and saturate`() {
        let usage = Usage([.input: 1, .cacheRead: 2, .audioInput: 4, .output: 8, .reasoning: 16])
        #expect(usage.inputTokens == 7 && usage.outputTokens == 24)
        #expect(Usage([.input: .max, .cacheRead: 1]).inputTokens == .max)
    }

    @Test func `a count of zero is no count`() {
        var usage = Usage([.input: 5, .output: 0])
        #expect(usage == Usage([.input: 5]))
        usage[.input] = 0
        #expect(usage == Usage())
    }

    @Test func `a usage is written by the names of its classes and read back`() throws {
        let usage = Usage([.cacheWrite5m: 3, .webSearch: 1])
        let text = try JSONEncoder().encode(usage)
        #expect(
            try JSONDecoder().decode([String: Int].self, from: text) == [
                "cache_write_5m": 3, "web_search": 1,
            ]
        )
        #expect(try JSONDecoder().decode(Usage.self, from: text) == usage)
    }

    @Test(arguments: [#"{"input": -1}"#, #"{"tokens": 1}"#, #"{"input": 1.5}"#, "[]", "7"])
    func `a usage that cannot be is not read`(_ text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Usage.self, from: Data(text.utf8))
        }
    }

    @Test func `a negative count stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = Usage([.input: -1]) }
    }
}
