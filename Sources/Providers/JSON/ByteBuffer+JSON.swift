package import NIOCore

extension ByteBuffer {
    /// Checks that the bytes are one strict JSON value; see ``JSONCheck``.
    ///
    /// - Throws: ``JSONError``.
    package func checkJSON() throws(JSONError) {
        try Array(readableBytesView).withJSON { bytes throws(JSONError) in
            try JSONCheck.check(bytes)
        }
    }

    /// Whether the bytes are one JSON object.
    package var isJSONObject: Bool {
        withUnsafeReadableBytes { bytes in
            do throws(JSONError) {
                var cursor = JSONCursor(bytes)
                guard try cursor.kind() == .object else { return false }
                try cursor.skip()
                try cursor.end()
                return true
            } catch {
                return false
            }
        }
    }
}
