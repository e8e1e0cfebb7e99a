/// Why bytes are not the JSON that we accept, and where.
package struct JSONError: Error, Hashable, Sendable {
    /// What is wrong.
    package enum Reason: String, Hashable, Sendable {
        case empty = "The body is empty."
        case byteOrderMark = "The body starts with a byte order mark."
        case encoding = "The body is not UTF-8."
        case syntax = "The body is not valid JSON."
        case trailing = "Something follows the JSON value."
        case depth = "The JSON is nested too deeply."
        case duplicateKey = "A key stands twice in one object."
        case controlCharacter = "A string holds a raw control character."
        case surrogate = "A string holds half of a surrogate pair."
        case wrongType = "A value has another type than is needed."
    }

    package let reason: Reason
    /// The byte at which it shows.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
