import NIOCore
import Providers
import Testing

/// Strings are passed over in blocks of eight and of thirty-two bytes: whatever ends a block must be
/// found wherever it stands in one.
@Suite struct StringScanTests {
    /// What surrounds what is to be found: a letter, and neighbours of the quote, the backslash and
    /// the control characters, which differ from them in one bit.
    private static let fillers: [UInt8] = [0x61, 0x23, 0x21, 0x5D, 0x20]
    private static let sizes = 1...70

    /// How a walk over a string ends.
    private enum End: Equatable {
        case length(Int, next: Int)
        case failure(JSONError)
    }

    private static func walk(_ bytes: [UInt8]) -> End {
        bytes.withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            do throws(JSONError) {
                return .length(try cursor.stringLength(), next: cursor.position)
            } catch {
                return .failure(error)
            }
        }
    }

    /// Every place of every block, with `mark` there and plain text around it, in a string.
    private static func eachPlace(
        of mark: [UInt8],
        _ body: (_ text: [UInt8], _ place: Int, _ size: Int) -> Void,
    ) {
        for filler in fillers {
            for size in sizes {
                for place in 0..<size {
                    let before = [UInt8(ascii: "\"")] + [UInt8](repeating: filler, count: place)
                    let after = [UInt8](repeating: filler, count: size - place - 1)
                    body(before + mark + after + [UInt8(ascii: "\"")], place, size)
                }
            }
        }
    }

    @Test func `a quote ends a string wherever it stands`() {
        StringScanTests.eachPlace(of: [UInt8(ascii: "\"")]) { text, place, _ in
            let end = StringScanTests.walk(text)
            if end != .length(place, next: place + 2) { Issue.record("\(place) of \(text)") }
        }
    }

    @Test(arguments: [
        ("\\n", 1), ("\\\"", 1), ("\\\\", 1), ("\\/", 1), ("\\u0041", 1), ("\\u00e9", 2),
        ("\\u20ac", 3), ("\\ud83d\\ude00", 4),
    ])
    func `an escape is read wherever it stands`(escape: String, length: Int) {
        StringScanTests.eachPlace(of: Array(escape.utf8)) { text, place, size in
            let end = StringScanTests.walk(text)
            if end != .length(size - 1 + length, next: text.count) {
                Issue.record("\(place) of \(text)")
            }
        }
    }

    @Test(arguments: [
        ("\\x", JSONError.Reason.syntax, 1), ("\\u12\"", .syntax, 4), ("\\ud800", .surrogate, 1),
        ("\\udc00", .surrogate, 1),
    ])
    func `an escape that is none is refused wherever it stands`(
        escape: String,
        reason: JSONError.Reason,
        offset: Int,
    ) {
        StringScanTests.eachPlace(of: Array(escape.utf8)) { text, place, _ in
            let end = StringScanTests.walk(text)
            if end != .failure(JSONError(reason, at: place + 1 + offset)) {
                Issue.record("\(place) of \(text): \(end)")
            }
        }
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `of single bytes only the control characters are refused, wherever they stand`(
        byte: UInt8
    ) {
        guard byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return }
        // The sizes up to one block of thirty-two and one of eight hold every place of both.
        for size in [1, 7, 8, 9, 31, 32, 33, 40, 41] {
            for place in 0..<size {
                var text = [UInt8](repeating: UInt8(ascii: "a"), count: size + 2)
                (text[0], text[size + 1]) = (UInt8(ascii: "\""), UInt8(ascii: "\""))
                text[place + 1] = byte
                let expected: End =
                    byte < 0x20
                    ? .failure(JSONError(.controlCharacter, at: place + 1))
                    : .length(size, next: size + 2)
                if StringScanTests.walk(text) != expected { Issue.record("\(place) of \(text)") }
            }
        }
    }

    @Test func `a string without an end is refused at the end`() {
        for size in StringScanTests.sizes {
            let text = [UInt8(ascii: "\"")] + [UInt8](repeating: UInt8(ascii: "a"), count: size)
            #expect(StringScanTests.walk(text) == .failure(JSONError(.syntax, at: size + 1)))
        }
    }

    @Test(
        arguments: [
            [0x80], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
            [0xE2, 0x82], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]]
    )
    func
        `what is not UTF-8 is refused in a request wherever it stands, and passed over in an answer`(
            mark: [UInt8]
        )
    {
        StringScanTests.eachPlace(of: mark) { text, place, size in
            #expect(throws: JSONError(.encoding, at: 0)) {
                try ByteBuffer(bytes: text).checkJSON()
            }
            let expected = End.length(size - 1 + mark.count, next: text.count)
            if StringScanTests.walk(text) != expected { Issue.record("\(place) of \(text)") }
        }
    }

    @Test(arguments: ["é", "€", "😀", "日本語の文"])
    func `text beyond ASCII is accepted wherever it stands`(text: String) throws {
        StringScanTests.eachPlace(of: Array(text.utf8)) { bytes, place, size in
            #expect(throws: Never.self) { try ByteBuffer(bytes: bytes).checkJSON() }
            let expected = End.length(size - 1 + text.utf8.count, next: bytes.count)
            if StringScanTests.walk(bytes) != expected { Issue.record("\(place) of \(bytes)") }
        }
    }

    @Test func `of two marks the first counts`() {
        let size = 40
        for first in 0..<size {
            for second in 0..<size where second != first {
                var text = [UInt8](repeating: UInt8(ascii: "#"), count: size + 2)
                (text[0], text[size + 1]) = (UInt8(ascii: "\""), UInt8(ascii: "\""))
                text[first + 1] = UInt8(ascii: "\"")
                text[second + 1] = 0x1F
                let expected: End =
                    first < second
                    ? .length(first, next: first + 2)
                    : .failure(JSONError(.controlCharacter, at: second + 1))
                #expect(StringScanTests.walk(text) == expected)
            }
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-12", -12), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("9223372036854775808", nil),
            ("-9223372036854775809", nil), ("99999999999999999999999999", nil), ("1.0", nil),
            ("1e2", nil), ("-1E-2", nil),
        ] as [(String, Int64?)]
    )
    func `a whole number is read where it fits`(text: String, value: Int64?) throws {
        let number = try Array(text.utf8).withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            let number = try cursor.number()
            try cursor.end()
            return number
        }
        #expect(number.integer == value)
    }
}
