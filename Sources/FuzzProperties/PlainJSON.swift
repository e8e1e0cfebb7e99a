/// JSON as a tree, read by a reader that shares nothing with the product's.
///
/// Keys stay in their order and may stand twice, numbers stay text.
indirect enum PlainJSON: Hashable {
    case object([Member])
    case array([PlainJSON])
    case string([UInt8])
    case number(String)
    case bool(Bool)
    case null

    struct Member: Hashable {
        let key: [UInt8]
        let value: PlainJSON
    }

    /// Which of the members that go by one name a parser believes.
    enum Choice: CaseIterable {
        case first
        case last
        /// As Go's: whatever the case of its letters.
        case lastInAnyCase
    }

    /// The value of a member; `nil` where there is none.
    func member(_ name: String, _ choice: Choice = .last) -> PlainJSON? {
        guard case .object(let members) = self else { return nil }
        let key = Array(name.utf8)
        return switch choice {
        case .first: members.first { $0.key == key }?.value
        case .last: members.last { $0.key == key }?.value
        case .lastInAnyCase: members.last { PlainJSON.folded($0.key) == name }?.value
        }
    }

    /// A key as Go compares it: the Kelvin sign and the long s are letters as well.
    private static func folded(_ key: [UInt8]) -> String {
        String(decoding: key, as: UTF8.self).lowercased()
            .replacing("\u{17F}", with: "s").replacing("\u{212A}", with: "k")
    }

    var keys: [String] {
        guard case .object(let members) = self else { return [] }
        return members.map { String(decoding: $0.key, as: UTF8.self) }
    }

    var string: String? {
        if case .string(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
    }

    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// A number that is written as a whole one and fits in 64 bits.
    var integer: Int64? { if case .number(let text) = self { Int64(text) } else { nil } }

    var isObject: Bool { if case .object = self { true } else { false } }

    /// Whether an object in here has a key twice, byte by byte.
    var hasDuplicateKeys: Bool {
        switch self {
        case .object(let members):
            Set(members.map(\.key)).count < members.count
                || members.contains { $0.value.hasDuplicateKeys }
        case .array(let elements): elements.contains(where: \.hasDuplicateKeys)
        case .string, .number, .bool, .null: false
        }
    }

    var depth: Int {
        switch self {
        case .object(let members): 1 + (members.map(\.value.depth).max() ?? 0)
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .string, .number, .bool, .null: 0
        }
    }
}

extension PlainJSON: CustomStringConvertible {
    /// The value as JSON text.
    var description: String {
        switch self {
        case .object(let members):
            "{" + members.map { "\(PlainJSON.string($0.key)):\($0.value)" }.joined(separator: ",")
                + "}"
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ",") + "]"
        case .string(let bytes):
            String(decoding: bytes, as: UTF8.self).unicodeScalars
                .reduce(into: "\"") { $0 += PlainJSON.escaped($1) } + "\""
        case .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        guard scalar.value >= 0x20, scalar != "\"", scalar != "\\" else {
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return String(Character(scalar))
    }
}
