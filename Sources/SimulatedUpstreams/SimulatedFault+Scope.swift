extension SimulatedFault {
    /// The kind of answer a fault makes sense in.
    enum Scope {
        case everyAnswer
        case streams
        case wholeBodies
    }

    var scope: Scope {
        switch self {
        case .errorEventAfter, .garbageEventAfter, .endWithoutDone, .hugeEvent: .streams
        case .truncatedBody: .wholeBodies
        case .resetBeforeHead, .closeBeforeHead, .stallHead, .garbageHead, .resetAfterEvents,
            .closeAfterEvents, .stallAfterEvents, .html, .notJSON, .gzip, .redirect, .manyHeaders,
            .informationalFlood, .setCookie, .ignoreMaxTokens:
            .everyAnswer
        }
    }

    /// Whether nothing of the answer, and so none of its tokens, is sent.
    var replacesAnswer: Bool {
        switch self {
        case .resetBeforeHead, .closeBeforeHead, .stallHead, .garbageHead, .html, .notJSON,
            .redirect:
            true
        case .resetAfterEvents, .closeAfterEvents, .stallAfterEvents, .errorEventAfter,
            .garbageEventAfter, .endWithoutDone, .hugeEvent, .truncatedBody, .gzip, .manyHeaders,
            .informationalFlood, .setCookie, .ignoreMaxTokens:
            false
        }
    }

    /// Checks that the fault can happen in an answer that is a stream or not.
    func check(streaming: Bool) throws(DirectiveError) {
        switch (scope, streaming) {
        case (.everyAnswer, _), (.streams, true), (.wholeBodies, false): break
        case (.streams, false): throw DirectiveError("the fault \(self) needs a streamed answer")
        case (.wholeBodies, true): throw DirectiveError("the fault \(self) needs a whole answer")
        }
    }
}
