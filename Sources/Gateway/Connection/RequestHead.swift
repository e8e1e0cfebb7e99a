import HTTPTypes
import NIOHTTP1

extension HTTPRequestHead {
    /// What the routes would not be told any more: chunks in HTTP/1.0, whose readers take them for the
    /// body itself, and targets that name a host of their own.
    var breach: HTTPParserError? {
        if version != .http1_1, headers.contains(name: "transfer-encoding") {
            return .unexpectedContentLength
        }
        return uri.utf8.first == UInt8(ascii: "/") || uri == "*" ? nil : .invalidURL
    }

    /// Whether its sender waits to be told before it sends the body.
    var isAwaited: Bool {
        version == .http1_1 && headers["expect"].contains { $0.isWord("100-continue") }
    }

    /// Whether its sender wants the connection to end after the answer.
    var closesConnection: Bool { !isKeepAlive }
}

extension HTTPRequest {
    /// The request in the types that the routes read; `nil` for a method that is none.
    ///
    /// The first `Host` becomes the authority; further ones stay among the fields.
    init?(_ head: HTTPRequestHead) {
        guard let method = Method(head.method.rawValue) else { return nil }
        var (authority, fields) = (String?.none, HTTPFields())
        fields.reserveCapacity(head.headers.count)
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else { continue }
            if authority == nil, name == .host {
                authority = value
            } else {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        self.init(
            method: method,
            scheme: "http",
            authority: authority,
            path: head.uri,
            headerFields: fields,
        )
    }
}

extension HTTPFields {
    /// Whether they tell of the connection's end.
    var closesConnection: Bool {
        self[values: .connection].contains { $0.isWord("close") }
    }
}

extension String {
    /// Whether it is `word`, whatever the case of its letters; `word` is in lower case.
    ///
    /// By bytes: what `lowercased()` and `==` make of a long text takes a time that grows with its square.
    func isWord(_ word: StaticString) -> Bool {
        utf8.count == word.utf8CodeUnitCount
            && zip(utf8, UnsafeBufferPointer(start: word.utf8Start, count: utf8.count))
                .allSatisfy { byte, wanted in
                    byte == wanted || 0x41...0x5A ~= byte && byte | 0x20 == wanted
                }
    }
}
