package import Primitives

/// What contracts and logs are made of: 32 bytes, the most significant first.
///
/// A transaction's and a block's hash have the same length and the same text.
package struct EVMWord: Hashable, Sendable {
    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are 32 of them.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads `0x` and 64 hexadecimal digits in any case; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 66, let bytes = EVMHex.bytes(text) else { return nil }
        self.bytes = bytes
    }

    /// An address behind twelve zeros, as the ABI writes it.
    package init(_ address: EVMAddress) {
        bytes = repeatElement(0, count: 12) + address.bytes
    }

    /// An amount, as the ABI writes a `uint256`.
    package init(_ amount: Amount) {
        let units = UInt64(amount.units).bigEndian
        bytes = repeatElement(0, count: 24) + withUnsafeBytes(of: units) { Array($0) }
    }

    /// The digest of an event's or a function's signature, such as `Transfer(address,address,uint256)`.
    package init(signature: StaticString) {
        let text = signature.withUTF8Buffer { Array($0) }
        bytes = Keccak256.digest(of: text)
    }

    /// The address in it; `nil` where the first twelve bytes are not zero.
    package var address: EVMAddress? {
        guard bytes.prefix(12).allSatisfy({ $0 == 0 }) else { return nil }
        return EVMAddress(bytes: bytes.dropFirst(12))
    }

    /// The `uint256` in it; `nil` for more than an amount can be.
    package var amount: Amount? {
        guard bytes.prefix(24).allSatisfy({ $0 == 0 }) else { return nil }
        let units = bytes.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(exactly: units).map(Amount.init)
    }
}

extension EVMWord: CustomStringConvertible {
    /// In small letters: as a key, and as it is stored.
    package var description: String { EVMHex.text(bytes) }
}
