package import NIOCore

/// The body of a request: there already, or still on its way.
package enum ArrivedBody: Sendable {
    case whole(ByteBuffer)
    case coming(BodyInflow)

    /// All of it.
    ///
    /// - Throws: ``GatewayError/bodyTooLarge(limit:)``, ``GatewayError/bodyTooSlow``,
    ///   ``GatewayError/stopping``, or what was wrong with its framing.
    func whole(upTo limit: Int) async throws -> ByteBuffer {
        switch self {
        case .whole(let bytes) where bytes.readableBytes > limit:
            throw GatewayError.bodyTooLarge(limit: limit)
        case .whole(let bytes): return bytes
        case .coming(let inflow): return try await inflow.whole(upTo: limit)
        }
    }
}
