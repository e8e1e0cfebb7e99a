package import NIOCore

/// Bytes that are gathered into one buffer as they come, each of them copied about once.
package struct GatheredBytes: Sendable {
    /// Room is made for so many times what has come, and never for more than is announced: who
    /// announces much and sends little takes little.
    private static let trust = 8
    /// The most that room is made for at once; a buffer has at most four times that.
    private static let most = 1 << 30

    package private(set) var bytes: ByteBuffer
    private let announced: Int

    /// - Parameters:
    ///   - bytes: what has come already.
    ///   - announced: how many there will be, by what the sender says; 0 where it says nothing.
    package init(_ bytes: ByteBuffer = ByteBuffer(), announced: Int = 0) {
        self.bytes = bytes
        self.announced = announced
    }

    package var count: Int { bytes.readableBytes }

    package mutating func append(_ piece: ByteBuffer) {
        if piece.readableBytes > bytes.writableBytes {
            let hoped = (count + piece.readableBytes) * GatheredBytes.trust
            bytes.reserveCapacity(min(announced, hoped, GatheredBytes.most))
        }
        bytes.writeImmutableBuffer(piece)
    }
}
