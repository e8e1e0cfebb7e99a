import NIOCore

/// Wraps bytes as gzip without making them smaller: stored blocks only.
enum Gzip {
    static func wrap(_ plain: ByteBuffer) -> ByteBuffer {
        var out = ByteBuffer(bytes: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
        var rest = plain
        repeat {
            let size = min(rest.readableBytes, Int(UInt16.max))
            let isLast = size == rest.readableBytes
            out.writeInteger(UInt8(isLast ? 1 : 0))
            out.writeInteger(UInt16(size), endianness: .little)
            out.writeInteger(~UInt16(size), endianness: .little)
            if var block = rest.readSlice(length: size) { out.writeBuffer(&block) }
        } while rest.readableBytes > 0
        out.writeInteger(checksum(plain), endianness: .little)
        out.writeInteger(UInt32(truncatingIfNeeded: plain.readableBytes), endianness: .little)
        return out
    }

    private static func checksum(_ bytes: ByteBuffer) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes.readableBytesView {
            crc = table[Int((crc ^ UInt32(byte)) & 0xff)] ^ (crc >> 8)
        }
        return ~crc
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in
            crc & 1 == 1 ? 0xedb8_8320 ^ (crc >> 1) : crc >> 1
        }
    }
}
