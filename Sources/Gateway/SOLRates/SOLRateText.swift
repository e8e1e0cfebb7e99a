package import NIOCore
import Primitives
import Providers

/// Where in a source's answer the rate stands, and how it is read: exactly, off its digits.
package struct SOLRateText: Sendable {
    /// Names of members, or numbers of elements, from the outside in.
    private let path: [String]

    /// - Parameter field: a dotted path: `data.amount`.
    package init(field: String) { path = field.split(separator: ".").map(String.init) }

    /// The micro-USD that an answer says one SOL is worth, digits beyond the sixth place cut off.
    ///
    /// - Returns: `nil` for what is not JSON, has no such field, or has something else there than a
    ///   number, or a text of one, that is more than zero and written without an exponent.
    package func microdollars(in answer: ByteBuffer) -> Int64? {
        answer.withUnsafeReadableBytes { bytes in
            var (cursor, found) = (
                JSONCursor(bytes, refusingDuplicates: true), nil as Range<Int>?,
            )
            do throws(JSONError) {
                try find(path[...], in: &cursor, &found)
                try cursor.end()
            } catch {
                return nil
            }
            return found.flatMap { SOLRateText.units(of: bytes[$0]) }
        }
    }

    private func find(
        _ path: ArraySlice<String>,
        in cursor: inout JSONCursor,
        _ found: inout Range<Int>?,
    ) throws(JSONError) {
        let kind = try cursor.kind()
        guard let name = path.first else {
            let place = try cursor.skip()
            if kind == .number || kind == .string { found = place }
            return
        }
        switch kind {
        case .object:
            try cursor.object { cursor, key throws(JSONError) in
                try follow(path, key.text == name, &cursor, &found)
            }
        case .array:
            var index = 0
            try cursor.array { cursor throws(JSONError) in
                try follow(path, String(index) == name, &cursor, &found)
                index += 1
            }
        case .string, .number, .bool, .null: try cursor.skip()
        }
    }

    private func follow(
        _ path: ArraySlice<String>,
        _ isNamed: Bool,
        _ cursor: inout JSONCursor,
        _ found: inout Range<Int>?,
    ) throws(JSONError) {
        if isNamed { try find(path.dropFirst(), in: &cursor, &found) } else { try cursor.skip() }
    }

    /// Reads a number's digits, with or without quotes around them.
    private static func units(of bytes: Slice<UnsafeRawBufferPointer>) -> Int64? {
        var text = Substring(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("\"") { text = text.dropFirst().dropLast() }
        let point = text.firstIndex(of: ".") ?? text.endIndex
        let (kept, cut) = (text[..<point] + text[point...].prefix(7), text[point...].dropFirst(7))
        guard cut.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let units = DecimalText.units(of: kept, decimals: 6), units > 0
        else { return nil }
        return units
    }
}
