import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

extension ForwardingError {
    /// What a transport's error means; a cancellation stays one.
    ///
    /// Every fault of an upstream is named here and nowhere else, so none of them looks like the
    /// agent's.
    ///
    /// - Parameters:
    ///   - error: what AsyncHTTPClient threw.
    ///   - isConnected: whether there was a connection that took the request.
    /// - Returns: a `ForwardingError`, or a `CancellationError`.
    static func translating(_ error: any Error, isConnected: Bool) -> any Error {
        switch error {
        case is CancellationError: error
        case let error as ForwardingError: error
        case let error as HTTPClientError: translating(error)
        case HTTPParserError.invalidEOFState: brokenOff
        case HTTPParserError.headerOverflow: tooLarge
        case is HTTPParserError: malformed
        case is NIOConnectionError: unreachable
        case let error as ChannelError: translating(error)
        default: isConnected ? brokenOff : unreachable
        }
    }

    private static func translating(_ error: HTTPClientError) -> any Error {
        switch error {
        case .cancelled: CancellationError()
        case .connectTimeout: timedOut
        case .readTimeout, .writeTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout:
            timedOut
        case .remoteConnectionClosed: brokenOff
        case .tlsHandshakeTimeout, .invalidURL, .emptyHost, .missingSocketPath, .emptyScheme:
            unreachable
        default: malformed
        }
    }

    private static func translating(_ error: ChannelError) -> any Error {
        switch error {
        case .connectTimeout: timedOut
        default: brokenOff
        }
    }
}
