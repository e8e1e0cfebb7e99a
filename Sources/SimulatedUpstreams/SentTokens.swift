/// What an answer cost in tokens, by the truth of the simulator.
///
/// The fields are disjoint except `reasoning`, which is a part of `output`.
package struct SentTokens: Sendable, Equatable {
    /// Input that neither came from nor went into the cache.
    package var input = 0
    /// Output of all choices, reasoning included.
    package var output = 0
    /// Input read from the cache.
    package var cacheRead = 0
    /// Input written to the cache for five minutes.
    package var cacheWrite5m = 0
    /// Input written to the cache for one hour.
    package var cacheWrite1h = 0
    /// The part of the output that nobody sees.
    package var reasoning = 0

    package init(
        input: Int = 0,
        output: Int = 0,
        cacheRead: Int = 0,
        cacheWrite5m: Int = 0,
        cacheWrite1h: Int = 0,
        reasoning: Int = 0,
    ) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite5m = cacheWrite5m
        self.cacheWrite1h = cacheWrite1h
        self.reasoning = reasoning
    }

    /// Both kinds of cache write.
    var cacheWrite: Int { cacheWrite5m + cacheWrite1h }

    /// OpenAI's prompt tokens: with everything the cache gave or took.
    var allInput: Int { input + cacheRead + cacheWrite }
}
