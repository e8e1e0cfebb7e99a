import Ledger
import NIOCore
import Primitives
import Testing

@testable import Gateway

@Suite struct SOLRateTests {
    private let start = HandTime.start

    @Test(arguments: [
        (#"{"data":{"amount":"132.385","base":"SOL"}}"#, 132_385_000),
        (#"{"data":{"amount":132.385}}"#, 132_385_000),
        // What a binary fraction can not say is still exact, and what is beyond micro-USD is cut off.
        (#"{"data":{"amount":0.1234569999999999999999}}"#, 123_456),
        (#"{"data":{"amount":9007199254.740993}}"#, 9_007_199_254_740_993),
        (#"{"other":[1,{"amount":7}],"data":{"more":null,"amount":1}}"#, 1_000_000),
    ])
    func `a rate is read off its digits`(answer: String, expected: Int64) {
        let text = SOLRateText(field: "data.amount")
        #expect(text.microdollars(in: ByteBuffer(string: answer)) == expected)
    }

    @Test(arguments: [
        #"{"data":{"amount":"0"}}"#, #"{"data":{"amount":-5}}"#, #"{"data":{"amount":1.5e2}}"#,
        #"{"data":{"amount":"1,5"}}"#, #"{"data":{"amount":""}}"#,
        #"{"data":{"amount":"1.2345678x"}}"#,
        #"{"data":{"amount":true}}"#, #"{"data":{"amount":[150]}}"#, #"{"data":{"amount":null}}"#,
        #"{"data":{}}"#, #"{"amount":150}"#, #"{"data":{"amount":1,"amount":2}}"#,
        #"{"data":{"amount":150}"#, #"{"data":{"amount":150}} "150""#, "150", "", "<html>",
        #"{"data":{"amount":99999999999999999999}}"#,
    ])
    func `what is no rate is none`(answer: String) {
        let text = SOLRateText(field: "data.amount")
        #expect(text.microdollars(in: ByteBuffer(string: answer)) == nil)
    }

    @Test func `a path leads through lists`() {
        let answer = ByteBuffer(string: #"[{"price":1},{"price":{"usd":"2.5"}}]"#)
        #expect(SOLRateText(field: "1.price.usd").microdollars(in: answer) == 2_500_000)
    }

    @Test func `a source is believed for a time, and the operator for ever`() {
        let book = SOLRateBook(believingFor: .seconds(600))
        #expect(book.rate(at: start) == nil)
        #expect(book.learn(150_000_000, at: start))
        let last = start.advanced(by: .seconds(600))
        #expect(book.rate(at: last)?.quotedAt == start)
        #expect(book.rate(at: last.advanced(by: .microseconds(1))) == nil)
        #expect(book.learn(140_000_000, at: last))
        #expect(book.rate(at: last)?.microdollarsPerSOL == 140_000_000)
        let word = SOLRateBook(book.rate(at: last))
        #expect(word.rate(at: last.advanced(by: .seconds(1_000_000)))?.quotedAt == last)
        #expect(word.quotedAt == nil)
    }

    @Test(arguments: [(100, 50, true), (100, 200, true), (100, 49, false), (100, 201, false)])
    func `what is less than half or more than double is told twice`(
        first: Int64,
        second: Int64,
        isTaken: Bool,
    ) {
        let book = SOLRateBook(believingFor: .seconds(600))
        #expect(book.learn(first, at: start))
        #expect(book.learn(second, at: start) == isTaken)
        #expect(book.rate(at: start)?.microdollarsPerSOL == (isTaken ? second : first))
        #expect(book.learn(second, at: start))
        #expect(book.rate(at: start)?.microdollarsPerSOL == second)
    }

    @Test func `a jump that the next answer takes back is forgotten`() {
        let book = SOLRateBook(believingFor: .seconds(600))
        let answers: [(Int64, Bool)] = [
            (100, true), (1000, false), (110, true), (1000, false), (10, false), (105, true),
            (Int64.max, false), (1, false), (1, true),
        ]
        for (rate, isTaken) in answers { #expect(book.learn(rate, at: start) == isTaken) }
    }
}

private enum HandTime {
    static let start = Timestamp(microseconds: 1_767_225_600_000_000)
}
