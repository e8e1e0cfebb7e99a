import Foundation
import Hummingbird
package import NIOCore
import Providers

extension GatewayServices {
    /// The body of a request that is not forwarded, as a value.
    ///
    /// - Throws: ``RequestError/notJSON(_:)``, ``GatewayError/invalidParameter(_:)``.
    func decoded<Value: Decodable>(
        _ type: Value.Type,
        _ request: Request,
    ) async throws -> Value {
        try JSONRequest.value(type, of: try await body(of: request))
    }
}

/// Reads the bodies of requests that are not forwarded.
package enum JSONRequest {
    /// Reads a body, whose members have the very names of the value's coding keys.
    ///
    /// (A decoder that converts names takes `dry_run` and `dryRun` for one, and either of them.)
    ///
    /// - Throws: ``RequestError/notJSON(_:)``, ``GatewayError/invalidParameter(_:)``.
    package static func value<Value: Decodable>(
        _ type: Value.Type,
        of body: ByteBuffer,
    ) throws -> Value {
        do throws(JSONError) { try body.checkJSON() } catch { throw RequestError.notJSON(error) }
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch let error as DecodingError {
            throw GatewayError.invalidParameter(error.field)
        }
    }
}

extension DecodingError {
    /// The field that could not be read, in snake case as it was sent.
    fileprivate var field: String {
        path.reduce(into: "") { name, character in
            name += character.isUppercase ? "_\(character.lowercased())" : "\(character)"
        }
    }

    private var path: String {
        switch self {
        case .keyNotFound(let key, _): key.stringValue
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            context.codingPath.map(\.stringValue).joined(separator: ".")
        @unknown default: "body"
        }
    }
}
