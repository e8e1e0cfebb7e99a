import Gateway
import GatewayTestKit
import HTTPTypes
import NIOCore
import Primitives
import Providers
import Testing

@Suite struct RecentAnswersTests {
    private let answers = RecentAnswers(
        budget: ReplayBudget(
            total: 2 * Downstream.ownBytes + 100,
            each: Downstream.ownBytes + 60,
        ),
        lifetime: .seconds(60),
        mostRemembered: 1000,
    )

    private func identity(
        _ headers: [(String, String)],
        body: String = "{}",
        key: String = "fbx-1",
    ) throws -> RetryIdentity? {
        var fields = HTTPFields()
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        return try RetryIdentity(fields, .openai, ByteBuffer(string: body), of: .init(key))
    }

    /// The answer that a claim registers, or `nil` where it repeats `first`.
    private func claim(
        _ identity: RetryIdentity?,
        repeats first: Downstream? = nil,
        at second: Int64 = 0,
    ) throws -> Downstream? {
        switch try answers.claim(identity, at: .second(second)) {
        case .first(let answer): return answer
        case .retry(let of):
            #expect(of === first)
            return nil
        }
    }

    @Test func `an Idempotency-Key is asked once for a key and a body`() throws {
        let first = try #require(try claim(try identity([("idempotency-key", "a")])))
        #expect(try claim(try identity([("idempotency-key", "a")]), repeats: first) == nil)
        #expect(try claim(try identity([("idempotency-key", "b")])) != nil)
        #expect(try claim(try identity([("idempotency-key", "a")], key: "fbx-2")) != nil)
        #expect(throws: GatewayError.idempotencyConflict) {
            _ = try claim(try identity([("idempotency-key", "a")], body: "[]"))
        }
    }

    @Test func `a first attempt is never the retry of another`() throws {
        let attempt = try identity([("x-stainless-retry-count", "0")])
        #expect(try claim(attempt) != nil)
        let second = try #require(try claim(attempt))
        let retry = try identity([("x-stainless-retry-count", "1")])
        #expect(try claim(retry, repeats: second) == nil)
    }

    @Test func `an agent that says nothing of retries is never given another's answer`() throws {
        #expect(try identity([]) == nil)
        #expect(try claim(nil) != nil)
    }

    @Test func `an answer is forgotten after its lifetime, or when it came to nothing`() throws {
        let name = try identity([("idempotency-key", "a")])
        let first = try #require(try claim(name))
        answers.end(name, first, .whole, receipt: "inf_1", at: .second(10))
        #expect(try claim(name, repeats: first, at: 70) == nil)
        let second = try #require(try claim(name, at: 71))
        answers.forget(name, second)
        #expect(try claim(name, at: 71) != nil)
    }

    @Test func `a retry that meets an answer as it is forgotten is not refused`() async throws {
        let answers = RecentAnswers(
            budget: ReplayBudget(total: 1 << 20, each: 1 << 20),
            lifetime: .seconds(60),
            mostRemembered: 1000,
        )
        let name = try identity([("idempotency-key", "a")])
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<20_000 {
                        switch try answers.claim(name, at: .second(0)) {
                        case .first(let answer): answers.forget(name, answer)
                        case .retry: break
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `an answer beyond the budget is read, and its retry is refused and not charged`()
        async throws
    {
        let name = try identity([("idempotency-key", "a")])
        let answer = try #require(try claim(name))
        answer.send(AnswerHead(status: 200, headers: [.receipt: "inf_1"], body: nil))
        await answer.write(ByteBuffer(repeating: 1, count: 61))
        answer.finish()
        #expect(!answer.isKept)
        guard case .bytes(let bytes) = await answer.next(from: 0) else {
            Issue.record("the agent lost its answer")
            return
        }
        #expect(bytes.readableBytes == 61)
        for isOver in [false, true] {
            if isOver { answers.end(name, answer, .whole, receipt: "inf_1", at: .second(0)) }
            #expect(throws: GatewayError.answerNotKept("inf_1")) { _ = try claim(name) }
        }
        #expect(throws: GatewayError.idempotencyConflict) {
            _ = try claim(try identity([("idempotency-key", "a")], body: "[]"))
        }
        #expect(try claim(name, at: 61) != nil)
    }

    @Test func `the oldest answer makes room for a new one, and its retry is refused`()
        async throws
    {
        let own = Downstream.ownBytes
        // Room for two answers, and to remember more.
        let answers = RecentAnswers(
            budget: ReplayBudget(total: 9 * own, each: 5 * own),
            lifetime: .seconds(60),
            mostRemembered: 1000,
        )
        let names = try (0..<3).map { try identity([("idempotency-key", "\($0)")]) }
        for (number, name) in names.enumerated() {
            guard case .first(let answer) = try answers.claim(name, at: .second(0)) else { return }
            answer.send(AnswerHead(status: 200, headers: [.receipt: "inf_\(number)"], body: nil))
            await answer.write(ByteBuffer(repeating: 1, count: 3 * own))
            #expect(answer.isKept, "\(number)")
            answers.end(
                name,
                answer,
                .whole,
                receipt: InferenceID("inf_\(number)"),
                at: .second(Int64(number)),
            )
        }
        #expect(throws: GatewayError.answerNotKept("inf_0")) {
            _ = try answers.claim(names[0], at: .second(3))
        }
        guard case .retry = try answers.claim(names[2], at: .second(3)) else {
            Issue.record("the newest answer is not kept")
            return
        }
    }

    @Test func `an answer that broke off and was charged is not charged again under the same id`()
        async throws
    {
        let named = try identity([("idempotency-key", "a")])
        let answer = try #require(try claim(named))
        answers.end(named, answer, .partial, receipt: "inf_1", at: .second(0))
        #expect(throws: GatewayError.answerNotKept("inf_1")) { _ = try claim(named) }
        #expect(try claim(named, at: 61) != nil)
        // An SDK that tries again by itself wants an answer.
        let unnamed = try identity([("x-stainless-retry-count", "1")])
        let first = try #require(try claim(unnamed))
        answers.end(unnamed, first, .partial, receipt: "inf_2", at: .second(0))
        #expect(try claim(unnamed) != nil)
    }

    @Test func `an answer that cost nothing is asked for anew`() async throws {
        let named = try identity([("idempotency-key", "a")])
        let answer = try #require(try claim(named))
        answers.end(named, answer, .nothing, receipt: "inf_1", at: .second(0))
        #expect(try claim(named) != nil)
    }

    @Test(arguments: [1, Downstream.ownBytes, 5 * Downstream.ownBytes])
    func `that a request was asked is remembered, however little memory there is for answers`(
        total: Int
    ) throws {
        let answers = RecentAnswers(
            budget: ReplayBudget(total: total, each: total),
            lifetime: .seconds(60),
            mostRemembered: 1000,
        )
        let names = try (0..<100).map { try identity([("idempotency-key", "\($0)")]) }
        for name in names {
            guard case .first(let answer) = try answers.claim(name, at: .second(0)) else {
                Issue.record("a first request is taken for a retry")
                return
            }
            answer.send(AnswerHead(status: 200, headers: [.receipt: "inf_1"], body: nil))
            answer.finish()
            answers.end(name, answer, .whole, receipt: "inf_1", at: .second(0))
        }
        #expect(throws: GatewayError.answerNotKept("inf_1")) {
            _ = try answers.claim(names[0], at: .second(60))
        }
        guard case .first = try answers.claim(names[0], at: .second(61)) else {
            Issue.record("it is remembered for ever")
            return
        }
    }

    @Test func `beyond what is remembered the oldest is forgotten`() throws {
        let answers = RecentAnswers(
            budget: ReplayBudget(total: 1 << 20, each: 1 << 20),
            lifetime: .seconds(60),
            mostRemembered: 10,
        )
        // The name that is asked for again makes an eleventh.
        let names = try (0..<11).map { try identity([("idempotency-key", "\($0)")]) }
        for name in names {
            guard case .first(let answer) = try answers.claim(name, at: .second(0)) else { return }
            answer.finish()
            answers.end(name, answer, .whole, receipt: "inf_1", at: .second(0))
        }
        guard case .first = try answers.claim(names[0], at: .second(0)),
            case .retry = try answers.claim(names[10], at: .second(0))
        else {
            Issue.record("another than the oldest is forgotten")
            return
        }
    }

    @Test func `asking again takes no room from an answer`() async throws {
        let own = Downstream.ownBytes
        // Two answers of this size leave less than what a third takes when it begins.
        let answers = RecentAnswers(
            budget: ReplayBudget(total: 4 * own, each: 2 * own),
            lifetime: .seconds(60),
            mostRemembered: 1000,
        )
        let names = try (0..<2).map { try identity([("idempotency-key", "\($0)")]) }
        for name in names {
            guard case .first(let answer) = try answers.claim(name, at: .second(0)) else { return }
            await answer.write(ByteBuffer(repeating: 1, count: own - 10))
            answer.finish()
            answers.end(name, answer, .whole, receipt: "inf_1", at: .second(0))
        }
        for name in names + names {
            guard case .retry = try answers.claim(name, at: .second(0)) else {
                Issue.record("an answer made room for its own retry")
                return
            }
        }
    }

    @Test func `an answer too long to be kept is not held on to`() async throws {
        let name = try identity([("idempotency-key", "a")])
        weak var released: Downstream?
        do {
            let answer = try #require(try claim(name))
            answer.send(
                AnswerHead(status: 200, headers: [:], body: ByteBuffer(repeating: 1, count: 61))
            )
            answers.end(name, answer, .whole, receipt: "inf_1", at: .second(0))
            released = answer
        }
        #expect(released == nil)
    }

    @Test func `an empty answer takes room, too`() throws {
        for number in 0..<2 {
            #expect(try claim(try identity([("idempotency-key", "\(number)")]))?.isKept == true)
        }
        #expect(try claim(try identity([("idempotency-key", "2")]))?.isKept == false)
    }

    @Test func `what is forgotten makes room for others`() async throws {
        for number in 0..<10 {
            let name = try identity([("idempotency-key", "\(number)")])
            let answer = try #require(try claim(name))
            await answer.write(ByteBuffer(repeating: 1, count: 60))
            #expect(answer.isKept)
            answers.forget(name, answer)
        }
    }

    @Test(arguments: ["", String(repeating: "k", count: 256)])
    func `an Idempotency-Key has 1 to 255 bytes`(text: String) throws {
        #expect(throws: GatewayError.invalidParameter("Idempotency-Key")) {
            _ = try identity([("idempotency-key", text)])
        }
    }
}
