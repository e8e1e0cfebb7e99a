import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// An answer with `value` as its JSON body, keys in snake case where nothing else is said.
    init(
        json value: some Encodable,
        status: HTTPResponse.Status = .ok,
        keys: JSONEncoder.KeyEncodingStrategy = .convertToSnakeCase,
    ) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = keys
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = try encoder.encode(value)
        self.init(
            status: status,
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body)),
        )
    }
}
