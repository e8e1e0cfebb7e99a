/// What a caller says of one field: nothing, `null`, or a value.
package enum Patch<Value: Sendable>: Sendable {
    case keep
    case clear
    case set(Value)

    /// Changes `field` as it says.
    package func apply(to field: inout Value?) {
        switch self {
        case .keep: break
        case .clear: field = nil
        case .set(let value): field = value
        }
    }

    /// Changes a field that has a value always; `null` sets it to `fallback`.
    package func apply(to field: inout Value, clearedTo fallback: Value) {
        switch self {
        case .keep: break
        case .clear: field = fallback
        case .set(let value): field = value
        }
    }

    func map<Other: Sendable, Problem: Error>(
        _ transform: (Value) throws(Problem) -> Other
    ) throws(Problem) -> Patch<Other> {
        switch self {
        case .keep: .keep
        case .clear: .clear
        case .set(let value): .set(try transform(value))
        }
    }
}

extension Patch: Equatable where Value: Equatable {}

extension KeyedDecodingContainer {
    func patch<Value: Decodable & Sendable>(
        _ key: Key
    ) throws -> Patch<Value> {
        guard contains(key) else { return .keep }
        do {
            return try decodeNil(forKey: key) ? .clear : .set(try decode(Value.self, forKey: key))
        } catch {
            // Some of the decoder's own errors do not say where they are.
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: self,
                debugDescription: "not a value of this field",
            )
        }
    }
}

extension KeyedEncodingContainer {
    mutating func encode<Value: Encodable & Sendable>(
        _ patch: Patch<Value>,
        _ key: Key,
    ) throws {
        switch patch {
        case .keep: break
        case .clear: try encodeNil(forKey: key)
        case .set(let value): try encode(value, forKey: key)
        }
    }
}
