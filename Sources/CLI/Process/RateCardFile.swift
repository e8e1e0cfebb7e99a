import Foundation
import Pricing
import Primitives
import Yams

/// Rate cards as they are written: YAML files.
enum RateCardFile {
    /// Reads a card from a file.
    ///
    /// - Throws: ``RateCardError/refused(_:)``.
    static func draft(at path: String) throws -> RateCardDraft {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RateCardError.refused(["\(path) cannot be read"])
        }
        return try draft(String(decoding: data, as: UTF8.self))
    }

    /// The card that a gateway starts with when none is published: Level5 1.6.
    static func builtIn() throws -> RateCardDraft {
        try draft(String(decoding: PackageResources.level5_1_6_yaml, as: UTF8.self))
    }

    private static func draft(_ text: String) throws -> RateCardDraft {
        try checkKeys(text)
        do {
            return try YAMLDecoder().decode(RateCardDraft.self, from: text)
        } catch let error as DecodingError {
            throw RateCardError.refused(["\(error.place): \(error.reason)"])
        } catch {
            throw RateCardError.refused(["not YAML: \(error)"])
        }
    }
}

extension RateCardFile {
    /// A misspelt key is refused, not passed over: it would leave a price unset.
    private static func checkKeys(_ text: String) throws(RateCardError) {
        let root: [String: Any]
        do {
            root = try Yams.load(yaml: text) as? [String: Any] ?? [:]
        } catch {
            throw .refused(["not YAML: \(error)"])
        }
        let rows = root["rates"] as? [[String: Any]] ?? []
        let tiers = rows.flatMap { $0["tiers"] as? [[String: Any]] ?? [] }
        let limits = rows.compactMap { $0["limits"] as? [String: Any] }
        let unknown =
            unknownKeys([root], ["version", "source", "markup_bps", "rates"])
            + unknownKeys(rows, RateCardDraft.Row.keys)
            + unknownKeys(limits, ["context", "max_output"])
            + unknownKeys(tiers, ["above", "cost", "price"])
        guard unknown.isEmpty else {
            throw .refused(unknown.map { "\($0): is not a key of a rate card" })
        }
    }

    private static func unknownKeys(_ maps: [[String: Any]], _ known: Set<String>) -> [String] {
        Set(maps.flatMap(\.keys)).subtracting(known).sorted()
    }
}

extension DecodingError {
    private var context: Context? {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .keyNotFound(_, let context), .dataCorrupted(let context):
            context
        @unknown default: nil
        }
    }

    fileprivate var place: String {
        let path = (context?.codingPath ?? []).map {
            $0.intValue.map { "[\($0)]" } ?? $0.stringValue
        }
        return path.isEmpty ? "card" : path.joined(separator: ".")
    }

    fileprivate var reason: String { context?.debugDescription ?? "cannot be read" }
}
