import Primitives

/// An account or a contract of an EVM chain: 20 bytes.
package struct EVMAddress: Hashable, Sendable {
    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are 20 of them.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 20 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads `0x` and 40 hexadecimal digits, in capitals, in small letters, or, where they are mixed,
    /// with the checksum of ERC-55.
    ///
    /// - Returns: `nil` for anything else: a checksum that does not fit is a mistyped address.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 42, let bytes = EVMHex.bytes(text) else { return nil }
        self.bytes = bytes
        let letters = text.utf8.dropFirst(2)
        let isMixed =
            letters.contains { (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
            && letters.contains { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }
        guard !isMixed || checksummed.utf8.elementsEqual(text.utf8) else { return nil }
    }

    /// With the checksum of ERC-55: a letter is a capital where the digest of the digits has a high
    /// nibble.
    package var checksummed: String {
        let digits = Hexadecimal.text(bytes)
        let digest = Keccak256.digest(of: digits.utf8)
        let letters = zip(digits, 0...).map { digit, place in
            let nibble = digest[place / 2] >> (place.isMultiple(of: 2) ? 4 : 0) & 0xF
            return nibble >= 8 ? digit.uppercased() : String(digit)
        }
        return "0x" + letters.joined()
    }
}

extension EVMAddress: CustomStringConvertible {
    /// In small letters: as a key, and as it is stored.
    package var description: String { EVMHex.text(bytes) }
}
