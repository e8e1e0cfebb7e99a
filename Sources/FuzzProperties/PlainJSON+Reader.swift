extension PlainJSON {
    /// Reads one strict JSON value in UTF-8 without half surrogates; `nil` for anything else.
    init?(_ bytes: [UInt8]) {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var reader = PlainReader(rest: bytes[...])
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        guard reader.rest.isEmpty else { return nil }
        self = value
    }
}

/// Takes JSON values off the front of bytes.
private struct PlainReader {
    var rest: ArraySlice<UInt8>

    /// Deeper than anything that the product takes.
    private static let deepest = 200

    mutating func skipSpace() {
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    mutating func value(depth: Int) -> PlainJSON? {
        skipSpace()
        guard depth < PlainReader.deepest else { return nil }
        if take("{") { return object(depth: depth) }
        if take("[") { return array(depth: depth) }
        if take("\"") { return string().map(PlainJSON.string) }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        return take("null") ? .null : number()
    }

    private mutating func object(depth: Int) -> PlainJSON? {
        var members: [PlainJSON.Member] = []
        skipSpace()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard take("\""), let key = string() else { return nil }
            skipSpace()
            guard take(":"), let value = value(depth: depth + 1) else { return nil }
            members.append(PlainJSON.Member(key: key, value: value))
            skipSpace()
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func array(depth: Int) -> PlainJSON? {
        var elements: [PlainJSON] = []
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            guard let value = value(depth: depth + 1) else { return nil }
            elements.append(value)
            skipSpace()
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    /// What stands before the closing quote, unescaped.
    private mutating func string() -> [UInt8]? {
        var units: [UInt8] = []
        while let byte = rest.popFirst(), byte >= 0x20 {
            switch byte {
            case UInt8(ascii: "\""): return units
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                units += String(Character(scalar)).utf8
            default: units.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        switch rest.popFirst().map(Unicode.Scalar.init) {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            guard let unit = unit() else { return nil }
            guard (0xD800..<0xDC00).contains(unit) else { return Unicode.Scalar(unit) }
            guard take("\\u"), let low = self.unit(), (0xDC00..<0xE000).contains(low) else {
                return nil
            }
            return Unicode.Scalar(0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00))
        case .some, nil: return nil
        }
    }

    private mutating func unit() -> UInt32? {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
        else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private mutating func number() -> PlainJSON? {
        let characters = rest.prefix { "+-.0123456789eE".utf8.contains($0) }
        rest = rest.dropFirst(characters.count)
        let text = String(decoding: characters, as: UTF8.self)
        return PlainReader.isNumber(text.utf8[...]) ? .number(text) : nil
    }

    /// Sign, whole part without leading zeros, fraction, exponent; each but the whole part may lack.
    private static func isNumber(_ text: Substring.UTF8View) -> Bool {
        var rest = text
        func digits() -> Int {
            let digits = rest.prefix { "0123456789".utf8.contains($0) }.count
            rest = rest.dropFirst(digits)
            return digits
        }
        func pass(_ characters: String) -> Bool {
            guard let next = rest.first, characters.utf8.contains(next) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = pass("-")
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, whole == 1 || !startsWithZero else { return false }
        if pass("."), digits() == 0 { return false }
        if pass("eE") {
            _ = pass("+-")
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
