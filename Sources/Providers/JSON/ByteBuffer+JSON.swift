package import NIOCore

extension ByteBuffer {
    /// Checks that the bytes are one strict JSON value; see ``JSONCheck``.
    ///
    /// - Throws: ``JSONError``.
    package func checkJSON() throws(JSONError) {
        try withJSON { bytes throws(JSONError) in try JSONCheck.check(bytes) }
    }

    /// Whether the bytes are one JSON object.
    package var isJSONObject: Bool {
        do throws(JSONError) {
            try withJSON { bytes throws(JSONError) in
                var cursor = JSONCursor(bytes)
                try cursor.object { cursor, _ throws(JSONError) in try cursor.skip() }
                try cursor.end()
            }
            return true
        } catch {
            return false
        }
    }

    /// Lends the bytes to a cursor.
    func withJSON<Found, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Found
    ) throws(Failure) -> Found {
        let outcome = withUnsafeReadableBytes { bytes in
            Result { () throws(Failure) in try body(bytes) }
        }
        return try outcome.get()
    }
}
