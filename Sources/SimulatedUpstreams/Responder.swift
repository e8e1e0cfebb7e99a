import NIOCore
import NIOHTTP1

/// Decides how a provider would answer one request, faults included.
///
/// It neither waits nor writes.
struct Responder {
    let request: IncomingRequest
    let number: Int
    let route: Route
    let dialect: Dialect

    init(_ request: IncomingRequest, route: Route, number: Int) {
        self.request = request
        self.number = number
        self.route = route
        dialect = route.dialect(request.head.headers)
    }

    func script(defaults: SimulatedAnswer) -> Script {
        do throws(ProviderError) {
            return try answer(try directed(defaults))
        } catch {
            return write(errorBody(error), SimulatedAnswer(), sent: SentTokens())
        }
    }

    private func answer(_ settings: SimulatedAnswer) throws(ProviderError) -> Script {
        try checkRoute()
        try checkCredential()
        if let status = settings.status {
            let error = ProviderError.simulated(status, text: settings.text)
            return faulty(errorBody(error), settings, sent: SentTokens())
        }
        switch route {
        case .chatCompletions, .messages: return try generate(settings)
        case .countTokens:
            let read = try readRequest(isCount: true)
            let plan = AnswerPlan(read, settings, number: number, dialect: dialect)
            return faulty(countBody(plan.tokens.allInput), settings, sent: SentTokens())
        case .models:
            return faulty(ModelList(dialect: dialect).body(), settings, sent: SentTokens())
        case .model(let name):
            let body = try ModelList(dialect: dialect).body(of: name)
            return faulty(body, settings, sent: SentTokens())
        case .recordedRequests, .settings, .unknown:
            preconditionFailure("a provider answers its own routes only")
        }
    }

    private func generate(_ settings: SimulatedAnswer) throws(ProviderError) -> Script {
        let read = try readRequest(isCount: false)
        do throws(DirectiveError) {
            try settings.fault?.check(streaming: read.streams)
        } catch {
            throw ProviderError(400, error.description)
        }
        let plan = AnswerPlan(read, settings, number: number, dialect: dialect)
        switch (dialect, read.streams) {
        case (.openAI, false):
            return faulty(OpenAIAnswer(plan: plan).body(), settings, sent: plan.tokens)
        case (.anthropic, false):
            return faulty(AnthropicAnswer(plan: plan).body(), settings, sent: plan.tokens)
        case (.openAI, true):
            let stream = OpenAIStream(plan: plan)
            return faulty(stream.body(), settings, sent: plan.tokens, stream.hugeEvent)
        case (.anthropic, true):
            let stream = AnthropicStream(plan: plan)
            return faulty(stream.body(), settings, sent: plan.tokens, stream.hugeEvent)
        }
    }

    private func faulty(
        _ body: AnswerBody,
        _ settings: SimulatedAnswer,
        sent: SentTokens,
        _ hugeEvent: () -> ByteBuffer = { ByteBuffer() },
    ) -> Script {
        var body = body
        if let fault = settings.fault { body.apply(fault, number: number, hugeEvent: hugeEvent) }
        let isAnswer = settings.fault?.replacesAnswer != true
        return write(body, settings, sent: isAnswer ? sent : SentTokens())
    }

    private func write(_ body: AnswerBody, _ settings: SimulatedAnswer, sent: SentTokens) -> Script
    {
        let keepsAlive = request.head.isKeepAlive && !request.isTooLarge
        let writer = ScriptWriter(body, settings, number: number, keepsAlive: keepsAlive)
        var script = writer.write()
        script.sent = sent
        return script
    }

    private func errorBody(_ error: ProviderError) -> AnswerBody {
        var body = AnswerBody(dialect)
        body.status = error.status
        body.append { error.write(dialect, number: number, to: &$0) }
        return body
    }

    private func countBody(_ tokens: Int) -> AnswerBody {
        var body = AnswerBody(dialect)
        body.append { $0.writeString("{\"input_tokens\":\(tokens)}") }
        return body
    }
}
