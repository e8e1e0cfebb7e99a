extension Array where Element: Sendable {
    /// Asks nodes one question, all at once, and goes on without those that do not answer it.
    ///
    /// - Returns: the answers of those that are left, in their order.
    @discardableResult
    mutating func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (Element) async throws -> Answer
    ) async -> [Answer] {
        let answers = await withTaskGroup { group in
            for (place, node) in enumerated() {
                group.addTask { (place, try? await question(node)) }
            }
            var answers: [Int: Answer] = [:]
            for await (place, answer) in group { answers[place] = answer }
            return answers
        }
        let places = indices.filter { answers[$0] != nil }
        self = places.map { self[$0] }
        return places.compactMap { answers[$0] }
    }
}
