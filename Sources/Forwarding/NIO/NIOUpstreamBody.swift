import NIOCore

/// The rest of an answer, in its connection.
///
/// Dropped before its end, it closes the connection.
final class NIOUpstreamBody: UpstreamBody {
    private let lease: UpstreamLease

    init(_ lease: UpstreamLease) { self.lease = lease }

    deinit { lease.link.end(lease.number) }

    func read(_ take: (ByteBuffer) async throws -> Bool) async throws {
        try await withTaskCancellationHandler {
            do {
                while let piece = try await next() {
                    guard try await take(piece) else { break }
                }
            } catch {
                lease.link.end(lease.number)
                throw error
            }
            // After the last piece it is over, and this does nothing.
            lease.link.end(lease.number)
        } onCancel: {
            lease.link.end(lease.number)
        }
    }

    private func next() async throws -> ByteBuffer? {
        try await withUnsafeThrowingContinuation { lease.link.next(lease.number, $0) }
    }
}
