import Foundation
import Hummingbird
import Providers

extension GatewayServices {
    /// The body of a request that is not forwarded, as a value.
    ///
    /// - Throws: ``RequestError/notJSON(_:)``, ``GatewayError/invalidParameter(_:)``.
    func decoded<Value: Decodable>(
        _ type: Value.Type,
        _ request: Request,
        keys: JSONDecoder.KeyDecodingStrategy = .convertFromSnakeCase,
    ) async throws -> Value {
        let body = try await body(of: request)
        do throws(JSONError) { try body.checkJSON() } catch { throw RequestError.notJSON(error) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = keys
        do {
            return try decoder.decode(type, from: Data(body.readableBytesView))
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
