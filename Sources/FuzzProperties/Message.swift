import Foundation
import Gateway
import NIOCore
import Primitives

/// What every message to the gateway itself has in common.
enum Message {
    /// Reads a message as its route does; `nil` where it is refused.
    ///
    /// A refusal is one that a client is told of, not an error of ours.
    static func read<Value: Decodable>(
        _ type: Value.Type,
        of body: ByteBuffer,
    ) throws(BrokenProperty) -> Value? {
        do {
            return try JSONRequest.value(type, of: body)
        } catch {
            try demand(error is any Failure, "the refusal is an error of ours: \(error)")
            return nil
        }
    }

    /// Demands that every member of an object is one that we know.
    static func demandKnown(
        _ object: PlainJSON,
        _ known: Set<String>,
    ) throws(BrokenProperty) {
        for key in object.keys { try demand(known.contains(key), "\(key) is passed over") }
    }

    /// Demands that a store gives back what it was given.
    static func demandSameAfterStore<Value: Codable & Equatable>(
        _ value: Value
    ) throws(BrokenProperty) {
        do {
            let stored = try JSONEncoder().encode(value)
            let restored = try JSONDecoder().decode(Value.self, from: stored)
            try demand(restored == value, "\(value) comes back as \(restored)")
        } catch let error as BrokenProperty {
            throw error
        } catch {
            throw BrokenProperty(description: "\(value) can not be stored: \(error)")
        }
    }
}
