package import NIOCore
import RateLimits

/// The body of a request: there already, or still on its way.
package enum ArrivedBody: Sendable {
    case whole(ByteBuffer)
    case coming(BodyInflow)

    /// Whether it may have to find room: what is there already needs none, for nobody is waited for.
    var mayNeedRoom: Bool {
        switch self {
        case .whole: false
        case .coming(let inflow): inflow.mayNeedRoom
        }
    }

    /// All of it, of at most `limit` bytes.
    ///
    /// Where it has to find `room`, it does while it comes.
    ///
    /// - Throws: ``GatewayError/bodyTooLarge(limit:)``, ``GatewayError/bodyTooSlow``,
    ///   ``GatewayError/unprovenBodiesFull``, ``GatewayError/stopping``, or what was wrong with its
    ///   framing.
    func whole(upTo limit: Int, in room: Room?) async throws -> ByteBuffer {
        switch self {
        case .whole(let bytes) where bytes.readableBytes > limit:
            throw GatewayError.bodyTooLarge(limit: limit)
        case .whole(let bytes): return bytes
        case .coming(let inflow): return try await inflow.whole(upTo: limit, in: room)
        }
    }
}
