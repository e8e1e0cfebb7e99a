import FoundationEssentials
import Synchronization

/// Remembers what JSON texts say, because a key is read far more often than it is changed, and most
/// customers share a text.
final class DecodedTexts<Value: Decodable & Sendable>: Sendable {
    /// How many texts are remembered before all are forgotten.
    private static var limit: Int { 10_000 }

    private let known = Mutex<[String: Value]>([:])

    /// What `text` says; `nil` where it is not the JSON of such a value.
    func value(of text: String) -> Value? {
        if let value = known.withLock({ $0[text] }) { return value }
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8)) else {
            return nil
        }
        known.withLock { known in
            if known.count >= DecodedTexts.limit { known = [:] }
            known[text] = value
        }
        return value
    }
}
