/// Walks JSON from front to back without building anything: what is not asked for is skipped.
///
/// Strict RFC 8259: no trailing commas, no comments, no raw control characters. It checks the
/// syntax of all it passes, including what it skips; ``JSONCheck`` adds what a syntax can not say.
/// Whether the bytes are UTF-8 is not looked at. A cursor does not outlive the bytes that it was made
/// of.
package struct JSONCursor {
    /// The deepest nesting that is followed.
    package static let depthLimit = 128

    let bytes: UnsafeRawBufferPointer
    package private(set) var position = 0
    private var depth = 0
    private let refusesDuplicates: Bool
    /// Bytes so far that say nothing: white space between values, and what escapes are longer by.
    private var padding = 0
    /// UTF-8 bytes of the texts that were read or skipped so far, unescaped, and of the skipped objects
    /// and arrays, as ``compactPosition`` counts them.
    private(set) var contentBytes = 0
    /// How long the JSON so far would be without white space between values, its strings unescaped.
    var compactPosition: Int { position - padding }

    /// - Parameters:
    ///   - bytes: what to walk.
    ///   - refusesDuplicates: whether a key that stands twice in one object, compared after
    ///     unescaping, is an error.
    package init(
        _ bytes: UnsafeRawBufferPointer,
        refusingDuplicates refusesDuplicates: Bool = false,
    ) {
        self.bytes = bytes
        self.refusesDuplicates = refusesDuplicates
    }

    /// What kind of value comes next.
    package enum Kind: Sendable {
        case object, array, string, number, bool, null
    }

    // MARK: Structure

    /// The kind of the next value.
    package mutating func kind() throws(JSONError) -> Kind {
        skipSpace()
        guard let current else { throw JSONError(.syntax, at: position) }
        switch current {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw JSONError(.syntax, at: position)
        }
    }

    /// Walks an object; `member` must read or skip the value it is called for.
    package mutating func object(
        _ member: (inout JSONCursor, JSONKey) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open(UInt8(ascii: "{"))
        var isFirst = true
        var seen = SeenKeys()
        while try !close(UInt8(ascii: "}"), isFirst: isFirst) {
            isFirst = false
            skipSpace()
            let key = try key()
            if refusesDuplicates, !seen.insert(key) {
                throw JSONError(.duplicateKey, at: position)
            }
            skipSpace()
            try expect(UInt8(ascii: ":"))
            skipSpace()
            try member(&self, key)
        }
    }

    /// Walks an array; `element` must read or skip the value it is called for.
    package mutating func array(
        _ element: (inout JSONCursor) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open(UInt8(ascii: "["))
        var isFirst = true
        while try !close(UInt8(ascii: "]"), isFirst: isFirst) {
            isFirst = false
            skipSpace()
            try element(&self)
        }
    }

    /// Passes over the next value and returns where it stood.
    @discardableResult
    package mutating func skip() throws(JSONError) -> Range<Int> {
        let kind = try kind()
        let (start, compactStart) = (position, compactPosition)
        if kind == .string {
            contentBytes += try scanString().length
        } else {
            try pass(kind)
            if kind == .object || kind == .array {
                contentBytes += compactPosition - compactStart
            }
        }
        return start..<position
    }

    /// Passes over the next value, which is of this kind, and counts nothing.
    private mutating func pass(_ kind: Kind) throws(JSONError) {
        switch kind {
        case .object:
            try object { cursor, _ throws(JSONError) in try cursor.pass(cursor.kind()) }
        case .array: try array { cursor throws(JSONError) in try cursor.pass(cursor.kind()) }
        case .string: _ = try scanString()
        case .number: _ = try passNumber()
        case .bool: _ = try bool()
        case .null: try null()
        }
    }

    /// Checks that nothing but white space is left.
    package mutating func end() throws(JSONError) {
        skipSpace()
        guard position == bytes.count else { throw JSONError(.trailing, at: position) }
    }

    // MARK: Scalars

    /// No word that means something to us has as many bytes.
    private static let longestWord = 64

    /// Reads a string, unescaped.
    package mutating func string() throws(JSONError) -> String { try rawString().text }

    /// Reads a string that is to be one of a few words; what is too long for any of them is "…".
    ///
    /// Comparing two strings takes long where who asks wants it to, see ``ByteText``.
    package mutating func word() throws(JSONError) -> String {
        let string = try rawString()
        return string.length <= JSONCursor.longestWord ? string.text : "…"
    }

    /// How many bytes of UTF-8 the next string has, unescaped.
    package mutating func stringLength() throws(JSONError) -> Int { try rawString().length }

    /// The raw bytes of the next string, without its quotes, still escaped.
    package mutating func rawString() throws(JSONError) -> JSONKey {
        let string = try scanString()
        contentBytes += string.length
        return string
    }

    package mutating func bool() throws(JSONError) -> Bool {
        skipSpace()
        if current == UInt8(ascii: "t") {
            try literal("true")
            return true
        }
        try literal("false")
        return false
    }

    package mutating func null() throws(JSONError) { try literal("null") }

    /// Reads a number's text by the grammar of RFC 8259.
    package mutating func number() throws(JSONError) -> JSONNumber {
        skipSpace()
        let start = position
        guard try passNumber() else { return JSONNumber(integer: nil) }
        return JSONNumber(wholeNumber: UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
    }

    /// Passes over a number and tells whether it is written as a whole one.
    private mutating func passNumber() throws(JSONError) -> Bool {
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return isInteger
    }

    // MARK: Bytes

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09:
                position += 1
                padding += 1
            default: return
            }
        }
    }

    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard current == byte else { throw JSONError(.syntax, at: position) }
        position += 1
    }

    private mutating func open(_ bracket: UInt8) throws(JSONError) {
        skipSpace()
        guard current == bracket else { throw JSONError(.wrongType, at: position) }
        depth += 1
        guard depth <= JSONCursor.depthLimit else { throw JSONError(.depth, at: position) }
        position += 1
    }

    /// Passes the closing bracket, or the comma before the next member.
    private mutating func close(_ bracket: UInt8, isFirst: Bool) throws(JSONError) -> Bool {
        skipSpace()
        if current == bracket {
            position += 1
            depth -= 1
            return true
        }
        if !isFirst { try expect(UInt8(ascii: ",")) }
        return false
    }

    private mutating func literal(_ text: StaticString) throws(JSONError) {
        skipSpace()
        guard bytes.count - position >= text.utf8CodeUnitCount else {
            throw JSONError(.wrongType, at: position)
        }
        for offset in 0..<text.utf8CodeUnitCount
        where bytes[position + offset] != text.utf8Start[offset] {
            throw JSONError(.wrongType, at: position)
        }
        position += text.utf8CodeUnitCount
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let digit = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
            position += 1
        }
        guard position > start else { throw JSONError(.syntax, at: position) }
    }

    private mutating func key() throws(JSONError) -> JSONKey {
        guard current == UInt8(ascii: "\"") else { throw JSONError(.syntax, at: position) }
        return try scanString()
    }

    private mutating func scanString() throws(JSONError) -> JSONKey {
        skipSpace()
        guard current == UInt8(ascii: "\"") else { throw JSONError(.wrongType, at: position) }
        position += 1
        let start = position
        var escaped = 0
        while true {
            position = ByteScan.endOfPlainText(in: bytes, from: position)
            switch current {
            case UInt8(ascii: "\""):
                let raw = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
                position += 1
                padding += escaped
                return JSONKey(raw: raw, length: raw.count - escaped)
            case UInt8(ascii: "\\"): escaped += try escape()
            case .some: throw JSONError(.controlCharacter, at: position)
            case nil: throw JSONError(.syntax, at: position)
            }
        }
    }

    /// Passes one escape and returns how many bytes it is longer than what it stands for.
    private mutating func escape() throws(JSONError) -> Int {
        position += 1
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
            return 1
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw JSONError(.syntax, at: position)
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> Int {
        let start = position
        position += 1
        let unit = try hexadecimal()
        switch unit {
        case 0..<0x80: return 5
        case 0x80..<0x800: return 4
        case 0xD800..<0xDC00:
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw JSONError(.surrogate, at: start) }
            position += 2
            guard (0xDC00..<0xE000).contains(try hexadecimal()) else {
                throw JSONError(.surrogate, at: start)
            }
            return 8
        case 0xDC00..<0xE000: throw JSONError(.surrogate, at: start)
        default: return 3
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = current.flatMap(hexadecimalDigit) else {
                throw JSONError(.syntax, at: position)
            }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }
}

func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}
