import NIOCore

/// An address as limits count it.
enum CallerAddress {
    /// No address, with its port, is longer.
    private static let longest = 64

    /// Whom an address stands for: an IPv4 one for itself, an IPv6 one for its /64, which whoever has
    /// one address of it has whole (RFC 4291, section 2.5.4).
    ///
    /// Callers behind one NAT, be it a carrier's or a NAT64, share its address. An IPv4 address in an
    /// IPv6 one's form is the IPv4 address. A port counts for nothing, and what is no address stands for itself.
    static func counted(_ text: String) -> String {
        guard text.utf8.count <= longest,
            let name = try? SocketAddress(ipAddress: withoutPort(text), port: 0).ipAddress
        else { return text }
        // From here on in its canonical form (RFC 5952).
        let groups = name.split(separator: ":", omittingEmptySubsequences: false)
        guard groups.count > 1 else { return name }
        if name.hasPrefix("::ffff:"), let last = groups.last, last.contains(".") {
            return String(last)
        }
        let head = groups.prefix { !$0.isEmpty }
        let tail = groups.dropFirst(head.count).drop { $0.isEmpty }
        let zeros = repeatElement(Substring("0"), count: max(0, 8 - head.count - tail.count))
        return (head + zeros + tail).prefix(4).joined(separator: ":") + "::/64"
    }

    /// The address of `192.0.2.1:80`, `[2001:db8::1]:80` or `fe80::1%eth0`.
    private static func withoutPort(_ text: String) -> String {
        let isBracketed = text.first == "["
        let hasPort = text.count { $0 == ":" } == 1
        let end: Set<Character> = isBracketed ? ["]", "%"] : hasPort ? [":"] : ["%"]
        return String(text.dropFirst(isBracketed ? 1 : 0).prefix { !end.contains($0) })
    }
}
