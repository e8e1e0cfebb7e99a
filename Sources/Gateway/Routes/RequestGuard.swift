import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Primitives
import Providers

/// The outermost middleware: gives each request an id, refuses what no route should see, and turns
/// every failure into an answer in the caller's manner.
struct RequestGuard: RouterMiddleware {
    typealias Context = GatewayContext

    let requestID: @Sendable () -> String
    let logger: Logger

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response,
    ) async throws -> Response {
        var context = context
        context.requestID = requestID()
        let surface = Surface(request)
        var response: Response
        do {
            try check(request)
            response = try await next(request, context)
        } catch {
            let failure = failure(error, request)
            InferenceMetrics.refused(failure.code)
            response = surface.answer(failure, requestID: context.requestID)
            if failure.leavesBodyUnread { response.closesConnection(context.channel) }
        }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        response.headers[.xRequestID] = context.requestID
        response.headers[.requestID] = context.requestID
        return response
    }

    /// The framing and the target that the server itself lets pass.
    private func check(_ request: Request) throws(GatewayError) {
        // The server folds a request's `Host` lines into its authority and keeps further ones.
        guard request.head.authority != nil else {
            throw .badRequest("The Host header is missing.")
        }
        guard request.headers[values: .host].isEmpty else {
            throw .badRequest("The Host header is given twice.")
        }
        let target = request.head.path ?? ""
        let path = target.prefix { $0 != "?" }.lowercased()
        guard path.hasPrefix("/") else {
            throw .badRequest("The request target must be a path.")
        }
        let suspicious = ["%2f", "%5c", "%00", "%0d", "%0a", "\\", "//", "/../", "/./"]
        guard !suspicious.contains(where: path.contains), !path.hasSuffix("/..") else {
            throw .badRequest("The path is not in its simplest form.")
        }
    }

    private func failure(_ error: any Error, _ request: Request) -> any Failure {
        switch error {
        case let failure as any Failure:
            if failure.kind == .unavailable || failure.kind == .broken {
                logger.error("request failed", metadata: ["code": "\(failure.code)"])
            }
            return failure
        case let error as HTTPError where error.status == .notFound:
            return GatewayError.routeNotFound
        case let error as HTTPError where error.status == .methodNotAllowed:
            return GatewayError.methodNotAllowed
        case let error as HTTPError where error.status == .contentTooLarge:
            return GatewayError.bodyTooLarge(limit: 0)
        case is HTTPError: return GatewayError.badRequest("The request is not valid.")
        default:
            logger.error("request failed", metadata: ["error": "\(type(of: error))"])
            return GatewayError.internalError
        }
    }
}

extension Failure {
    /// Whether the rest of the request's body is still on its way, unwanted.
    fileprivate var leavesBodyUnread: Bool {
        switch self as? GatewayError {
        case .bodyTooLarge, .bodyTooSlow: true
        default: false
        }
    }
}

extension Response {
    /// How long an agent may go on sending what nobody reads before it is cut off.
    private static var farewell: TimeAmount { .seconds(2) }

    /// Says goodbye after the answer: the agent reads it to its end, then the connection is closed.
    fileprivate mutating func closesConnection(_ channel: any Channel) {
        headers[.connection] = "close"
        let body = body
        self.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: Response.farewell) { channel.close(promise: nil) }
        }
    }
}

extension HTTPField.Name {
    static let host = known("host")
}
