import Foundation

/// A parsed document with paths; whatever is not there is nil.
struct JSON {
    let value: Any?

    init(_ text: String) {
        let data = Data(text.utf8)
        value = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    }

    private init(value: Any?) {
        self.value = value
    }

    subscript(key: String) -> JSON { JSON(value: (value as? [String: Any])?[key]) }

    subscript(index: Int) -> JSON {
        guard let list = value as? [Any], list.indices.contains(index) else {
            return JSON(value: nil)
        }
        return JSON(value: list[index])
    }

    var int: Int? { value as? Int }
    var string: String? { value as? String }
    var count: Int { (value as? [Any])?.count ?? 0 }
    var exists: Bool { value != nil }
    var isNull: Bool { value is NSNull }
}
