/// The check that a request body passes before anything in it is believed.
///
/// Parsers disagree on duplicate keys, byte order marks and half surrogates: what we bill must be
/// what the provider runs, so a body that two parsers could read in two ways is refused.
package enum JSONCheck {
    /// - Throws: ``JSONError`` for anything but one strict JSON value in UTF-8 whose objects have
    ///   no key twice, compared after unescaping.
    package static func check(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        try walk(bytes) { cursor throws(JSONError) in try cursor.skip() }
    }

    /// Checks the bytes while `value` walks the one value that they must be.
    ///
    /// - Throws: ``JSONError``, as ``check(_:)`` does, or what `value` throws.
    static func walk(
        _ bytes: UnsafeRawBufferPointer,
        _ value: (inout JSONCursor) throws(JSONError) -> Void,
    ) throws(JSONError) {
        guard !bytes.isEmpty else { throw JSONError(.empty, at: 0) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) || bytes.starts(with: [0xFE, 0xFF])
            || bytes.starts(with: [0xFF, 0xFE])
        {
            throw JSONError(.byteOrderMark, at: 0)
        }
        guard isUTF8(bytes) else { throw JSONError(.encoding, at: 0) }
        var cursor = JSONCursor(bytes, refusingDuplicates: true)
        try value(&cursor)
        try cursor.end()
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.assumingMemoryBound(to: UInt8.self).span)
            return true
        } catch {
            return false
        }
    }
}
