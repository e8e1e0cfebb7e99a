/// The check that a request body passes before anything in it is believed.
///
/// Parsers disagree on duplicate keys, byte order marks and half surrogates: what we bill must be
/// what the provider runs, so a body that two parsers could read in two ways is refused.
package enum JSONCheck {
    /// - Throws: ``JSONError`` for anything but one strict JSON value in UTF-8 whose objects have
    ///   no key twice, compared after unescaping.
    package static func check(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        guard !bytes.isEmpty else { throw JSONError(.empty, at: 0) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) || bytes.starts(with: [0xFE, 0xFF])
            || bytes.starts(with: [0xFF, 0xFE])
        {
            throw JSONError(.byteOrderMark, at: 0)
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONError(.encoding, at: 0)
        }
        var cursor = JSONCursor(bytes)
        try check(&cursor)
        try cursor.end()
    }

    private static func check(_ cursor: inout JSONCursor) throws(JSONError) {
        switch try cursor.kind() {
        case .object:
            var keys = Set<String>()
            try cursor.object { cursor, key throws(JSONError) in
                guard keys.insert(key.text).inserted else {
                    throw JSONError(.duplicateKey, at: cursor.position)
                }
                try check(&cursor)
            }
        case .array: try cursor.array { cursor throws(JSONError) in try check(&cursor) }
        case .string, .number, .bool, .null: try cursor.skip()
        }
    }
}
