extension Decoder {
    /// Refuses an object with a member that nobody reads: misspelt, it would not do what it says.
    ///
    /// - Throws: `DecodingError` that names the first member which `keys` does not have.
    package func refuseUnknown<Keys>(_ keys: Keys.Type) throws
    where Keys: CodingKey & CaseIterable & RawRepresentable, Keys.RawValue == String {
        let known = Set(keys.allCases.map(\.rawValue))
        for key in try container(keyedBy: AnyKey.self).allKeys
        where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [key], debugDescription: "unknown member")
            )
        }
    }
}

/// Any member of a JSON object.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
