/// Finds the bytes that mean something among many that do not, eight at a time.
///
/// Most of a large body is text, or a picture in Base64: what is looked at byte by byte is only what
/// is found here.
enum ByteScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// The first place from `start` on with a quote, a backslash or a control character, where a JSON
    /// string stops being plain text; the number of bytes where there is none.
    static func endOfPlainText(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        first(in: bytes, from: start) { word in
            equal(word, UInt8(ascii: "\"")) | equal(word, UInt8(ascii: "\\")) | below(word, 0x20)
        }
    }

    /// The first place from `start` on with an LF or a CR; the number of bytes where there is none.
    static func endOfLine(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        first(in: bytes, from: start) { word in equal(word, 0x0A) | equal(word, 0x0D) }
    }

    /// The first place that `mark` marks; the number of bytes where there is none.
    ///
    /// Of eight bytes, `mark` sets the top bit of each that is looked for. Bits above the first such
    /// bit mean nothing: a borrow may have set them.
    @inline(__always)
    private static func first(
        in bytes: UnsafeRawBufferPointer,
        from start: Int,
        _ mark: (UInt64) -> UInt64,
    ) -> Int {
        @inline(__always) func marks(_ index: Int) -> UInt64 {
            mark(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
        }
        var index = start
        while index &+ 32 <= bytes.count {
            let found = marks(index) | marks(index &+ 8) | marks(index &+ 16) | marks(index &+ 24)
            if found & tops != 0 { break }
            index &+= 32
        }
        while index &+ 8 <= bytes.count {
            let found = marks(index) & tops
            if found != 0 { return index &+ found.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < bytes.count, mark(UInt64(bytes[index])) & 0x80 == 0 { index &+= 1 }
        return index
    }

    @inline(__always)
    private static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference
    }

    /// For a bound of 0x80 at most.
    @inline(__always)
    private static func below(_ word: UInt64, _ bound: UInt8) -> UInt64 {
        (word &- ones &* UInt64(bound)) & ~word
    }
}
