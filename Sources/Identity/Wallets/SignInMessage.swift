package import ChainFormats
package import Primitives

/// What a wallet signs to prove that it is somebody's.
///
/// Sources: ERC-4361, Sign-In with Ethereum; Solana's wallets sign the same with their own word for the
/// chain. A signature is always of the bytes that were sent, never of what was read from them.
package struct SignInMessage: Hashable, Sendable {
    /// Whose wallet it is.
    package enum Account: Hashable, Sendable {
        case evm(EVMAddress)
        case solana(SolanaKey)

        fileprivate var chain: String {
            switch self {
            case .evm: "Ethereum"
            case .solana: "Solana"
            }
        }

        /// As messages write it; EVM addresses with their checksum.
        package var text: String {
            switch self {
            case .evm(let address): address.checksummed
            case .solana(let key): "\(key)"
            }
        }

        /// Reads an address of either kind; `nil` for anything else.
        package init?(_ text: some StringProtocol) {
            if let address = EVMAddress(text) {
                self = .evm(address)
            } else if let key = SolanaKey(text) {
                self = .solana(key)
            } else {
                return nil
            }
        }
    }

    /// Who asks: a host, with a port where there is one.
    package var domain: String
    package var account: Account
    package var statement: String?
    package var uri: String
    package var chainID: String
    /// Ours, good for one sign-in.
    package var nonce: String
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp?
    package var notBefore: Timestamp?

    /// The longest message that is read, in bytes.
    package static let longest = 4096

    package init(
        domain: String,
        account: Account,
        statement: String?,
        uri: String,
        chainID: String,
        nonce: String,
        issuedAt: Timestamp,
        expiresAt: Timestamp?,
    ) {
        self.domain = domain
        self.account = account
        self.statement = statement
        self.uri = uri
        self.chainID = chainID
        self.nonce = nonce
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    private static let asking = " wants you to sign in with your "

    /// The message as it is signed.
    package var text: String {
        var lines = ["\(domain)\(SignInMessage.asking)\(account.chain) account:", account.text, ""]
        if let statement { lines.append(statement) }
        lines += [
            "", "URI: \(uri)", "Version: 1", "Chain ID: \(chainID)", "Nonce: \(nonce)",
            "Issued At: \(issuedAt.iso8601)",
        ]
        if let expiresAt { lines.append("Expiration Time: \(expiresAt.iso8601)") }
        if let notBefore { lines.append("Not Before: \(notBefore.iso8601)") }
        return lines.joined(separator: "\n")
    }

    /// Reads a message.
    ///
    /// - Returns: `nil` for one that is not of this form, letter by letter, or too long.
    package init?(_ text: String) {
        guard text.utf8.count <= SignInMessage.longest, !text.utf8.contains(13) else { return nil }
        var lines = Lines(text)
        guard let (domain, chain) = lines.opening(SignInMessage.asking),
            let account = lines.next().flatMap({ Account($0) }), account.chain == chain,
            lines.next() == ""
        else { return nil }
        // A statement is a line of its own between two that are empty.
        var statement: String?
        if let line = lines.next(), line != "" {
            guard lines.next() == "" else { return nil }
            statement = line
        }
        guard let uri = lines.field("URI"), lines.field("Version") == "1",
            let chainID = lines.field("Chain ID"), let nonce = lines.field("Nonce"),
            let issuedAt = lines.time("Issued At")
        else { return nil }
        self.init(
            domain: domain,
            account: account,
            statement: statement,
            uri: uri,
            chainID: chainID,
            nonce: nonce,
            issuedAt: issuedAt,
            expiresAt: nil,
        )
        if lines.isNext("Expiration Time") {
            guard let time = lines.time("Expiration Time") else { return nil }
            expiresAt = time
        }
        if lines.isNext("Not Before") {
            guard let time = lines.time("Not Before") else { return nil }
            notBefore = time
        }
        if lines.isNext("Request ID") { _ = lines.next() }
        guard lines.restAreResources else { return nil }
    }

    /// Whether it may be taken at a time.
    package func isValid(at now: Timestamp) -> Bool {
        expiresAt.map { now < $0 } ?? true && notBefore.map { now >= $0 } ?? true
    }

    /// A message's lines, one after the other.
    private struct Lines {
        private var lines: ArraySlice<String>

        init(_ text: String) {
            lines =
                text.split(separator: "\n", omittingEmptySubsequences: false)
                .map(String.init)[...]
        }

        mutating func next() -> String? { lines.popFirst() }

        func isNext(_ name: String) -> Bool { lines.first?.hasPrefix("\(name): ") ?? false }

        mutating func field(_ name: String) -> String? {
            guard isNext(name), let line = next() else { return nil }
            return String(line.dropFirst(name.count + 2))
        }

        mutating func time(_ name: String) -> Timestamp? {
            field(name).flatMap { Timestamp(iso8601: $0) }
        }

        /// The first line: who asks, and for an account of which chain.
        mutating func opening(_ asking: String) -> (domain: String, chain: String)? {
            guard let line = next(), let range = line.firstRange(of: asking) else { return nil }
            let (domain, end) = (line[..<range.lowerBound], line[range.upperBound...])
            guard !domain.isEmpty, end.hasSuffix(" account:") else { return nil }
            return (String(domain), String(end.dropLast(" account:".count)))
        }

        /// Whether nothing is left but a list of resources, which we take no notice of.
        var restAreResources: Bool {
            guard let first = lines.first else { return true }
            return first == "Resources:" && lines.dropFirst().allSatisfy { $0.hasPrefix("- ") }
        }
    }
}
