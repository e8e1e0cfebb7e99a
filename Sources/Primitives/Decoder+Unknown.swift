extension Decoder {
    /// Refuses an object with a member that nobody reads: misspelt, it would not do what it says.
    ///
    /// It is asked last, so that a member that is missing is told of first.
    ///
    /// - Throws: `DecodingError` that names the first member which `keys` does not have, by
    ///   the alphabet; ``UnknownMember`` is beneath it.
    package func refuseUnknown<Keys>(_ keys: Keys.Type) throws
    where Keys: CodingKey & CaseIterable & RawRepresentable, Keys.RawValue == String {
        let known = Set(keys.allCases.map(\.rawValue))
        let unknown = try container(keyedBy: AnyKey.self).allKeys
            .filter { !known.contains($0.stringValue) }
        guard let first = unknown.min(by: { $0.stringValue < $1.stringValue }) else { return }
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: codingPath + [first],
                debugDescription: "unknown member",
                underlyingError: UnknownMember(),
            )
        )
    }
}

/// Why an object is refused that has a member which nobody reads.
package struct UnknownMember: Error {}

/// Any member of a JSON object.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
