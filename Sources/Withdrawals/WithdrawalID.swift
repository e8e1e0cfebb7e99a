import Deposits
package import Primitives

/// Names one withdrawal, as `<customer>/<name>`.
///
/// The customer chooses the name, so that asking twice pays once.
package struct WithdrawalID: Hashable, Sendable {
    package let customer: CustomerID
    package let name: String

    /// The longest name, in bytes.
    package static let longestName = 64

    /// - Returns: `nil` unless the name is of letters, digits, `-`, `_` and `.`, which no path takes for a
    ///   folder, and the customer has no slash in it.
    package init?(customer: CustomerID, name: String) {
        let owner = customer.description.utf8
        guard (1...WithdrawalID.longestName).contains(name.utf8.count),
            name.utf8.allSatisfy(WithdrawalID.isPlain), name != ".", name != "..",
            !owner.isEmpty, !owner.contains(UInt8(ascii: "/"))
        else { return nil }
        self.customer = customer
        self.name = name
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        case _: false
        }
    }
}

extension WithdrawalID: CustomStringConvertible {
    package var description: String { "\(customer)/\(name)" }

    /// Reads what ``description`` prints; `nil` for anything else.
    package init?(_ description: String) {
        let parts = description.utf8
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 2 else { return nil }
        self.init(customer: CustomerID(parts[0]), name: parts[1])
    }
}
