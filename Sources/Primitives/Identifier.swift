/// A string identifier that cannot be mistaken for another kind of identifier.
package struct Identifier<Subject>: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

extension Identifier: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(value) }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// What a ``CustomerID`` names: who owns the money.
package enum CustomerSubject {}
/// What a ``KeyID`` names: a secret that spends one customer's money.
package enum KeySubject {}
/// What an ``InferenceID`` names: one metered request; its hold and its receipt carry the same id.
package enum InferenceSubject {}

package typealias CustomerID = Identifier<CustomerSubject>
package typealias KeyID = Identifier<KeySubject>
package typealias InferenceID = Identifier<InferenceSubject>
