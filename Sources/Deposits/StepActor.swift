/// Who made a step of a deposit or a withdrawal.
package enum StepActor: Hashable, Sendable {
    /// Whoever reads the chain.
    case watcher
    /// The gateway by its rules, and whoever sends for it.
    case gateway
    case customer
    /// By name.
    case `operator`(String)

    /// The longest name of an operator that is kept, in bytes.
    private static let longestName = 64

    /// An operator by the name that it gives.
    package static func named(_ name: String) -> StepActor {
        .operator(ChainText.quoted(name, longest: longestName))
    }
}

extension StepActor: CustomStringConvertible {
    package var description: String {
        switch self {
        case .watcher: "watcher"
        case .gateway: "gateway"
        case .customer: "customer"
        case .operator(let name): "operator/\(name)"
        }
    }

    /// Reads what ``description`` prints; `nil` for anything else.
    package init?(_ description: String) {
        let start = "operator/"
        switch description {
        case "watcher": self = .watcher
        case "gateway": self = .gateway
        case "customer": self = .customer
        case _ where description.utf8.starts(with: start.utf8):
            self = .operator(
                String(decoding: description.utf8.dropFirst(start.utf8.count), as: UTF8.self)
            )
        case _: return nil
        }
    }
}
