/// Something that the micro benchmarks measure: what one turn does, and how much that is.
///
/// Public, because the micro benchmarks are a package of their own.
public struct Subject: Sendable {
    /// What the benchmark is called.
    public let name: String
    /// How many bytes one turn reads; 0 where bytes say nothing of it.
    public let bytes: Int
    /// How many events, requests, quotes or rows one turn takes.
    public let count: Int
    /// Does the work once and throws what it came to away.
    public let turn: @Sendable () throws -> Void

    init(
        _ name: String,
        bytes: Int = 0,
        count: Int = 1,
        turn: @escaping @Sendable () throws -> Void,
    ) {
        self.name = name
        self.bytes = bytes
        self.count = count
        self.turn = turn
    }

    /// Everything that needs no store.
    public static func all() throws -> [Subject] {
        try [eventStream, openAIStream, anthropicStream, openAIRequest, anthropicRequest]
            + large + values()
    }
}

/// Keeps a value from being optimized away with the work that made it.
@inline(never)
func keep<Value>(_ value: Value) { _ = withUnsafePointer(to: value) { $0 } }
