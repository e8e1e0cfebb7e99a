import Foundation
import Hummingbird
package import NIOCore
import Primitives
import Providers

extension GatewayServices {
    /// The body of a request that is not forwarded, of at most `limit` bytes, as a value.
    ///
    /// - Throws: ``RequestError/notJSON(_:)``, ``GatewayError/invalidParameter(_:)``,
    ///   ``GatewayError/unknownField(_:)``.
    func decoded<Value: Decodable & Sendable>(
        _ type: Value.Type,
        _ request: Request,
        _ context: GatewayContext,
        upTo limit: Int = .max,
    ) async throws -> Value {
        let body = try await body(of: request, context, upTo: limit)
        return try await reading.read(body) { try JSONRequest.value(type, of: $0) }
    }
}

/// Reads the bodies of requests that are not forwarded.
package enum JSONRequest {
    /// The most bytes of a body that is an address, a hash or a signed message, which are read before it
    /// is known who sends them, or what a customer wishes of its keys and its money.
    ///
    /// The longest are a contract wallet's signature and a list of models, of some kilobytes.
    package static let largestShort = 64 << 10

    /// Reads a body, whose members have the very names of the value's coding keys.
    ///
    /// (A decoder that converts names takes `dry_run` and `dryRun` for one, and either of them.)
    ///
    /// - Throws: ``RequestError/notJSON(_:)``, ``GatewayError/invalidParameter(_:)``,
    ///   ``GatewayError/unknownField(_:)``.
    package static func value<Value: Decodable>(
        _ type: Value.Type,
        of body: ByteBuffer,
    ) throws -> Value {
        do throws(JSONError) { try body.checkJSON() } catch { throw RequestError.notJSON(error) }
        if let field = longNumber(in: body) { throw GatewayError.invalidParameter(field) }
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch let error as DecodingError {
            throw error.isOfUnknown
                ? GatewayError.unknownField(error.field) : .invalidParameter(error.field)
        }
    }

    /// The longest number that is read: the decoder rounds what has more digits than it can hold.
    private static let longestNumber = 32

    /// The first field whose number is longer than any that is meant.
    private static func longNumber(in body: ByteBuffer) -> String? {
        body.withUnsafeReadableBytes { bytes in
            var (cursor, field) = (JSONCursor(bytes), nil as String?)
            // The body was checked: it can be walked to its end.
            do throws(JSONError) { try find(&cursor, "body", &field) } catch { return "body" }
            return field
        }
    }

    private static func find(
        _ cursor: inout JSONCursor,
        _ path: String,
        _ field: inout String?,
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .object:
            try cursor.object { cursor, key throws(JSONError) in
                let inner = path == "body" ? key.text : "\(path).\(key.text)"
                try find(&cursor, inner, &field)
            }
        case .array:
            try cursor.array { cursor throws(JSONError) in try find(&cursor, path, &field) }
        case .number: if try cursor.skip().count > longestNumber { field = field ?? path }
        case .string, .bool, .null: try cursor.skip()
        }
    }
}

extension DecodingError {
    /// The field that could not be read, as it was sent.
    fileprivate var field: String { path.isEmpty ? "body" : path }

    /// Whether nothing is wrong but a field that nobody reads.
    fileprivate var isOfUnknown: Bool {
        if case .dataCorrupted(let context) = self {
            context.underlyingError is UnknownMember
        } else {
            false
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
