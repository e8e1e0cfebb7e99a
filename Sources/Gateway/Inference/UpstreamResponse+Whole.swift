import Forwarding
import HTTPTypes
import NIOCore

extension UpstreamResponse {
    /// The whole body; `progress` is called as each piece arrives.
    ///
    /// - Throws: ``ForwardingError/tooLarge`` beyond `limit` bytes, or what the reading throws.
    func whole(upTo limit: Int, progress: () -> Void = {}) async throws -> ByteBuffer {
        let announced = headers[.contentLength].flatMap { Int($0) } ?? 0
        var body = GatheredBytes(announced: announced)
        try await self.body.read { bytes in
            progress()
            guard body.count + bytes.readableBytes <= limit else { throw ForwardingError.tooLarge }
            body.append(bytes)
            return true
        }
        return body.bytes
    }
}
