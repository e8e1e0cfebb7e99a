/// What a program is told, as `name=value`.
public struct Options: Sendable {
    private let values: [String: String]

    public init(_ arguments: some Sequence<String>) {
        values = Dictionary(
            arguments.map { argument in
                let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
                return (parts[0], parts.count == 2 ? parts[1] : "")
            },
            uniquingKeysWith: { $1 },
        )
    }

    public func text(_ name: String, or fallback: String) -> String { values[name] ?? fallback }

    public func number(_ name: String, or fallback: Int) -> Int {
        guard let text = values[name] else { return fallback }
        guard let number = Int(text) else { fatalError("\(name) is no number: \(text)") }
        return number
    }
}
