import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Primitives
import Providers

/// The outermost middleware: gives each request an id, refuses what no route should see, and turns
/// every failure into an answer in the caller's manner.
struct RequestGuard: RouterMiddleware {
    typealias Context = GatewayContext

    /// How many bytes of a target are looked at; names in it are compared as Unicode does, which takes
    /// long for long ones.
    private static let longestTarget = 4096

    let requestID: @Sendable () -> String
    let logger: Logger
    let crossOrigin: CrossOrigin
    /// What every answer warns of.
    let warning: String?

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
            if let preflight = crossOrigin.preflight(request) { return preflight }
            response = try await next(request, context)
        } catch {
            let failure = failure(error, request)
            InferenceMetrics.refused(failure.code)
            response = surface.answer(failure, requestID: context.requestID)
            if failure.endsConnection { response.headers[.connection] = "close" }
        }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        response.headers[.xRequestID] = context.requestID
        response.headers[.requestID] = context.requestID
        response.headers[.warning] = warning
        crossOrigin.mark(&response, to: request)
        // A body after an answer to HEAD would be taken for the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// The framing and the target that the server itself lets pass.
    private func check(_ request: Request) throws(GatewayError) {
        // The server folds a request's `Host` lines into its authority and keeps further ones.
        guard let host = request.head.authority else {
            throw .badRequest("The Host header is missing.")
        }
        guard request.headers[values: .host].isEmpty else {
            throw .badRequest("The Host header is given twice.")
        }
        guard host.isHost else { throw .badRequest("The Host header names no host.") }
        let codings = request.headers[values: .transferEncoding]
        guard codings.count <= 1, codings.allSatisfy({ $0.isWord("chunked") }) else {
            throw .badRequest("The only transfer coding is chunked.")
        }
        guard request.headers[.upgrade] == nil else {
            throw .badRequest("There is no other protocol to upgrade to.")
        }
        guard Router<Context>.methods.contains(request.method) else { throw .methodNotAllowed }
        let target = request.head.path ?? ""
        guard target.utf8.first == UInt8(ascii: "/") else {
            throw .badRequest("The request target must be a path.")
        }
        guard target.utf8.count <= RequestGuard.longestTarget else {
            throw .badRequest("The request target is too long.")
        }
        guard target.isSimplePath else {
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
        case is HTTPParserError:
            return GatewayError.badRequest("The body's framing is not valid.")
        default:
            logger.error("request failed", metadata: ["error": "\(type(of: error))"])
            return GatewayError.internalError
        }
    }
}

extension Failure {
    /// Whether what follows on the connection is unwanted, or can not be told from a request.
    fileprivate var endsConnection: Bool {
        switch self as? GatewayError {
        case .bodyTooLarge, .bodyTooSlow, .badRequest: true
        default: false
        }
    }
}

extension String {
    /// Whether the path of a target has no other form that names the same: nothing in it is encoded
    /// that a reader might decode, and it climbs nowhere.
    fileprivate var isSimplePath: Bool {
        let path = utf8.prefix { $0 != UInt8(ascii: "?") }
        // Nearly every path has none of these bytes.
        let isPlain = zip(path, path.dropFirst()).allSatisfy { byte, next in
            byte != UInt8(ascii: "%") && byte != UInt8(ascii: "\\")
                && !(byte == UInt8(ascii: "/")
                    && (next == UInt8(ascii: "/") || next == UInt8(ascii: ".")))
        }
        if isPlain, path.last != UInt8(ascii: "\\") { return true }
        let text = Substring(path).lowercased()
        let suspicious = ["%2f", "%5c", "%00", "%0d", "%0a", "\\", "//", "/../", "/./"]
        return !suspicious.contains(where: text.contains) && !text.hasSuffix("/..")
    }

    /// Whether it is a host's name or address, with a port or without.
    fileprivate var isHost: Bool {
        let isAddress = utf8.first == UInt8(ascii: "[")
        let end = isAddress ? UInt8(ascii: "]") : UInt8(ascii: ":")
        let name = utf8.dropFirst(isAddress ? 1 : 0).prefix { $0 != end }
        var rest = utf8[name.endIndex...]
        if isAddress, rest.popFirst() != end { return false }
        guard !name.isEmpty, name.allSatisfy({ $0.isInHost(isAddress: isAddress) }) else {
            return false
        }
        return rest.isEmpty
            || rest.first == UInt8(ascii: ":") && 2...6 ~= rest.count
                && rest.dropFirst().allSatisfy(\.isDigit)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { 0x30...0x39 ~= self }

    fileprivate func isInHost(isAddress: Bool) -> Bool {
        switch self {
        case UInt8(ascii: "."): true
        case UInt8(ascii: ":"): isAddress
        case UInt8(ascii: "-"), UInt8(ascii: "_"): !isAddress
        default: isDigit || 0x61...(isAddress ? 0x66 : 0x7a) ~= self | 0x20
        }
    }
}

extension HTTPField.Name {
    static let host = known("host")
    static let warning = known("warning")
}
