import NIOCore

extension AnswerBody {
    /// Does to the body what `fault` does to it.
    ///
    /// `hugeEvent` makes the event of 20 MB and is called only for that fault.
    mutating func apply(
        _ fault: SimulatedFault,
        number: Int,
        hugeEvent: () -> ByteBuffer = { ByteBuffer() },
    ) {
        switch fault {
        case .resetBeforeHead, .closeBeforeHead, .stallHead, .garbageHead, .informationalFlood,
            .ignoreMaxTokens:
            break
        case .resetAfterEvents(let count), .closeAfterEvents(let count),
            .stallAfterEvents(let count):
            declaredLength = bytes.readableBytes
            keep(count)
        case .errorEventAfter(let count): endWithError(after: count, number: number)
        case .garbageEventAfter(let count): insertGarbage(after: count)
        case .endWithoutDone: if isStream { keep(ends.count - 1) }
        case .hugeEvent: if isStream { insert(hugeEvent(), after: eventsBeforeDeltas) }
        case .truncatedBody: declaredLength = bytes.readableBytes + 100
        case .html:
            replace(by: "<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>\n")
            contentType = "text/html; charset=utf-8"
        case .notJSON:
            replace(by: "{\"id\": simulated, \"choices\": [")
            contentType = "application/json"
        case .gzip:
            replace(by: Gzip.wrap(bytes))
            headers.append(("content-encoding", "gzip"))
        case .redirect:
            replace(by: "")
            status = 302
            headers.append(("location", "http://169.254.169.254/"))
        case .manyHeaders: headers += (0..<5000).map { ("x-simulated-\($0)", "simulated") }
        case .setCookie: headers += organisationHeaders
        }
    }

    private mutating func replace(by text: String) {
        replace(by: ByteBuffer(string: text))
        isStream = false
    }

    private mutating func endWithError(after count: Int, number: Int) {
        guard isStream else { return }
        keep(count)
        let dialect = dialect
        switch dialect {
        case .openAI:
            append { out in
                out.writeStaticString("data: ")
                let message = "The server had an error while processing your request."
                ProviderError(500, message).write(dialect, number: number, to: &out)
                out.writeStaticString("\n\n")
            }
        case .anthropic:
            append { out in
                out.writeStaticString("event: error\ndata: ")
                ProviderError(529, "Overloaded").write(dialect, number: number, to: &out)
                out.writeStaticString("\n\n")
            }
        }
    }

    private mutating func insertGarbage(after count: Int) {
        guard isStream else { return }
        let event: StaticString =
            switch dialect {
            case .openAI: "data: {\"choices\": [{\"delta\": garbage\n\n"
            case .anthropic: "event: content_block_delta\ndata: {\"delta\": garbage\n\n"
            }
        insert(ByteBuffer(staticString: event), after: count)
    }

    private var eventsBeforeDeltas: Int {
        switch dialect {
        case .openAI: 1
        case .anthropic: 3
        }
    }

    private var organisationHeaders: [(String, String)] {
        let cookie = ("set-cookie", "__cf_bm=simulated; path=/; HttpOnly; Secure")
        switch dialect {
        case .openAI:
            return [
                cookie, ("openai-organization", "org-simulated"),
                ("openai-project", "proj_simulated"),
            ]
        case .anthropic: return [cookie, ("anthropic-organization-id", "org-simulated")]
        }
    }
}
