import HTTPTypes
import NIOCore
import Providers

extension HTTPResponse {
    /// The answer to what is no HTTP.
    ///
    /// Which dialect its sender speaks is not known: both official SDKs read Anthropic's.
    static func noHTTP(requestID id: String) -> (head: HTTPResponse, body: ByteBuffer) {
        let failure = GatewayError.badRequest("The request is not valid HTTP.")
        let body = ByteBuffer(string: DialectError(failure, requestID: id).body(.anthropic))
        let head = HTTPResponse(
            status: .badRequest,
            headerFields: [
                .connection: "close", .contentType: "application/json",
                .contentLength: "\(body.readableBytes)", .cacheControl: "no-store",
                .xRequestID: id, .requestID: id,
            ],
        )
        return (head, body)
    }
}
