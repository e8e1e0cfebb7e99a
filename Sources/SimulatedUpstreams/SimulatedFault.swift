/// What goes wrong in a simulated answer.
///
/// The events of a stream are counted from the first `data:` line; a whole body counts as one event.
package enum SimulatedFault: Sendable, Equatable {
    /// A TCP reset instead of an answer.
    case resetBeforeHead
    /// A TCP FIN instead of an answer.
    case closeBeforeHead
    /// Silence; the connection stays open.
    case stallHead
    /// Bytes that are not HTTP, then a FIN.
    case garbageHead
    /// The head and so many events, then a reset 50 ms later, so that the peer has read what came before.
    case resetAfterEvents(Int)
    /// The head and so many events, then a FIN without the terminating chunk.
    case closeAfterEvents(Int)
    /// The head and so many events, then silence.
    case stallAfterEvents(Int)
    /// So many events, then the provider's error event and a clean end. Streams only.
    case errorEventAfter(Int)
    /// An event whose data is not JSON after so many events. Streams only.
    case garbageEventAfter(Int)
    /// A clean end without `[DONE]` or `message_stop`. Streams only.
    case endWithoutDone
    /// One event line of 20 MB before the first delta. Streams only.
    case hugeEvent
    /// A content length of 100 more bytes than are sent, then a FIN. Whole bodies only.
    case truncatedBody
    /// 200 with a web page.
    case html
    /// 200 with `application/json` that is none.
    case notJSON
    /// The true body, compressed without having been asked.
    case gzip
    /// 302 to the address where clouds keep credentials.
    case redirect
    /// 5,000 more header fields.
    case manyHeaders
    /// 1,000 informational heads before the real one.
    case informationalFlood
    /// A cookie and the organisation's name among the headers.
    case setCookie
    /// More tokens than the request allowed.
    case ignoreMaxTokens
}

extension SimulatedFault {
    /// Reads `close_before_head` or `close_after_events:3`; nil when there is no such fault.
    package init?(directive: String) {
        let parts = directive.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if parts.count == 1 {
            guard let fault = Self.plain[name] else { return nil }
            self = fault
        } else {
            guard let count = Int(parts[1]), count >= 0,
                let fault = Self.counted(name, count)
            else { return nil }
            self = fault
        }
    }

    private static let plain: [String: SimulatedFault] = [
        "reset_before_head": .resetBeforeHead,
        "close_before_head": .closeBeforeHead,
        "stall_head": .stallHead,
        "garbage_head": .garbageHead,
        "end_without_done": .endWithoutDone,
        "huge_event": .hugeEvent,
        "truncated_body": .truncatedBody,
        "html": .html,
        "not_json": .notJSON,
        "gzip": .gzip,
        "redirect": .redirect,
        "many_headers": .manyHeaders,
        "informational_flood": .informationalFlood,
        "set_cookie": .setCookie,
        "ignore_max_tokens": .ignoreMaxTokens,
    ]

    private static func counted(_ name: String, _ count: Int) -> SimulatedFault? {
        switch name {
        case "reset_after_events": .resetAfterEvents(count)
        case "close_after_events": .closeAfterEvents(count)
        case "stall_after_events": .stallAfterEvents(count)
        case "error_event_after": .errorEventAfter(count)
        case "garbage_event_after": .garbageEventAfter(count)
        default: nil
        }
    }
}
