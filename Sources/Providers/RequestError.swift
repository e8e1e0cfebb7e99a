package import Primitives

/// Why a request body is refused before anything is held or forwarded.
package enum RequestError: Failure, Hashable {
    /// Not the JSON that we accept.
    case notJSON(JSONError)
    /// A field is missing.
    case missing(String)
    /// A field has the wrong type.
    case wrongType(String)
    /// A field's value is not one that we can bill: negative, zero, too large.
    case outOfRange(String)
    /// A part whose tokens have no bound that we know before it is sent.
    case unbounded(String)
    /// A field by a name that some parsers take for one that money rests on: `Model` for `model`.
    case disguised(String)
    /// An option that changes the price in a way that no rate card row covers.
    case unpriced(String)

    package var code: String {
        switch self {
        case .notJSON: "invalid_json"
        case .missing: "missing_field"
        case .wrongType: "invalid_field_type"
        case .outOfRange: "invalid_field_value"
        case .unbounded: "unbounded_content"
        case .disguised: "disguised_field"
        case .unpriced: "unpriced_option"
        }
    }

    package var kind: FailureKind { .malformed }

    /// Whether only a request that is billed is refused for it.
    var isAboutMoney: Bool {
        switch self {
        case .unbounded, .unpriced: true
        case .notJSON, .missing, .wrongType, .outOfRange, .disguised: false
        }
    }

    /// The field it is about, for dialects that name it.
    package var parameter: String? {
        switch self {
        case .notJSON: nil
        case .missing(let field), .wrongType(let field), .outOfRange(let field),
            .unbounded(let field), .disguised(let field), .unpriced(let field):
            field
        }
    }

    package var message: String {
        switch self {
        case .notJSON(let error): "\(error.reason.rawValue) (at byte \(error.offset))"
        case .missing(let field): "\(field) is missing."
        case .wrongType(let field): "\(field) has the wrong type."
        case .outOfRange(let field): "\(field) has a value that is not allowed."
        case .unbounded(let field):
            "\(field) carries content whose cost can not be bounded before it is sent."
        case .disguised(let field): "Write \(field) in lower case: parsers differ on what it names."
        case .unpriced(let field): "\(field) asks for something that has no published price."
        }
    }
}
