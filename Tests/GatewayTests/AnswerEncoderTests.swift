import Gateway
import HTTPTypes
import NIOCore
import Testing

/// What goes out for an answer (RFC 9112).
@Suite struct AnswerEncoderTests {
    private func sent(
        _ status: Int,
        _ fields: HTTPFields,
        _ parts: [String],
        to method: HTTPRequest.Method = .get,
    ) -> String {
        var encoder = AnswerEncoder()
        encoder.begin(HTTPResponse(status: .init(code: status), headerFields: fields), to: method)
        var text = ""
        for part in parts {
            for piece in encoder.encode(ByteBuffer(string: part)) { text += String(buffer: piece) }
        }
        return text + String(buffer: encoder.end())
    }

    @Test func `an answer with a length is sent as it is`() {
        #expect(
            sent(200, [.contentLength: "5"], ["he", "llo"])
                == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        )
    }

    @Test func `an answer without one is sent in chunks`() {
        #expect(
            sent(402, [:], ["hello", "", "a longer piece of it"])
                == "HTTP/1.1 402 Payment Required\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\nhello\r\n14\r\na longer piece of it\r\n0\r\n\r\n"
        )
        #expect(
            sent(200, [:], []) == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        )
    }

    @Test(arguments: [(200, HTTPRequest.Method.head), (204, .get), (304, .get)])
    func `an answer that has no body sends none, whatever it is given`(
        status: Int,
        method: HTTPRequest.Method,
    ) {
        let text = sent(status, [.contentLength: "5"], ["hello"], to: method)
        #expect(text.hasSuffix("Content-Length: 5\r\n\r\n"))
        #expect(!sent(status, [:], ["hello"], to: method).contains("chunked"))
    }

    @Test(arguments: [false, true])
    func `a large part of a body goes out unchanged`(isStream: Bool) {
        let part = String(repeating: "x", count: 100_000)
        let text = sent(200, isStream ? [:] : [.contentLength: "100000"], [part])
        let head = text.prefix { $0 != "x" }
        #expect(text.dropFirst(head.count).hasPrefix(part))
        #expect(text.hasSuffix(isStream ? "x\r\n0\r\n\r\n" : "x"))
    }
}
