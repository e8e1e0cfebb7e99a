import NIOCore

/// Where an upstream is: its base URL, taken apart once.
struct UpstreamOrigin: Hashable, Sendable {
    let isSecure: Bool
    /// A name or an address, without brackets.
    let host: String
    let port: Int
    /// What comes before an operation's path; empty, or with a slash at its start and none at its
    /// end.
    let path: String

    /// - Throws: ``ForwardingError/unreachable`` where the text is no base URL.
    init(baseURL: String) throws(ForwardingError) {
        // A space or a line's end would end the request's first line early.
        guard baseURL.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !baseURL.contains(where: { "?#\\".contains($0) }),
            let scheme = baseURL.firstRange(of: "://")
        else { throw .unreachable }
        switch baseURL[..<scheme.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        case _: throw .unreachable
        }
        let rest = baseURL[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count)
        self.path = String(path.hasSuffix("/") ? path.dropLast() : path)
        (host, port) = try UpstreamOrigin.place(authority, isSecure ? 443 : 80)
    }

    private static func place(
        _ authority: Substring,
        _ fallback: Int,
    ) throws(ForwardingError) -> (String, Int) {
        var host = authority
        var port = fallback
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.allSatisfy(\.isNumber), let number = Int(digits),
                (1...65_535).contains(number)
            else { throw .unreachable }
            (host, port) = (authority[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { throw .unreachable }
        } else if host.contains(where: { "[]:".contains($0) }) {
            throw .unreachable
        }
        guard !host.isEmpty, !host.contains("@") else { throw .unreachable }
        return (String(host), port)
    }

    /// What the `Host` header says.
    var hostField: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// The name to ask for in TLS; an address is not asked for, but checked all the same.
    var serverName: String? {
        (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil
    }
}
