package import NIOCore

/// Decides where a body is read: a small one on the event loop that it came on, a large one beside it.
///
/// Whoever else is served on that loop waits while something is read there.
package struct ReadingPlace: Sendable {
    /// The most bytes that are read on an event loop.
    ///
    /// Text and pictures are read at 0.1 to 0.6 ns a byte, and hashed at about the same; what is slowest,
    /// millions of tiny values, at up to 10 ns. So what stays on the loop takes well under a
    /// millisecond, and what leaves it takes longer than the two changes of thread, some 50 µs.
    package static let largestOnLoop = 64 << 10

    private let beside: any TaskExecutor

    /// - Parameter beside: where large bodies are read.
    package init(beside: any TaskExecutor = globalConcurrentExecutor) { self.beside = beside }

    /// Reads bytes, which may take time in proportion to their number.
    ///
    /// - Throws: what `reader` throws.
    package func read<Found: Sendable, Failure>(
        _ bytes: ByteBuffer,
        _ reader: @Sendable (ByteBuffer) throws(Failure) -> Found,
    ) async throws(Failure) -> Found {
        guard bytes.readableBytes > ReadingPlace.largestOnLoop else { return try reader(bytes) }
        return try await withTaskExecutorPreference(beside) { () throws(Failure) in
            try reader(bytes)
        }
    }
}
