/// The texts of answers and how they fall into tokens.
enum Words {
    static let sentence = "A simulated upstream answers with this sentence, one word at a time."
    /// What a called tool gets, in the pieces a provider might send.
    static let toolArguments = ["{\"", "city", "\":\"", "Paris", "\"}"]

    private static let lorem = [
        "lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit", "sed", "do",
    ]

    /// One piece for each word, with the space before it.
    static func split(_ text: String) -> [Substring] {
        var pieces: [Substring] = []
        var start = text.startIndex
        var isInWord = false
        for index in text.indices {
            let isSpace = text[index].isWhitespace
            if isSpace && isInWord {
                pieces.append(text[start..<index])
                start = index
            }
            isInWord = !isSpace
        }
        if start < text.endIndex { pieces.append(text[start...]) }
        return pieces
    }

    /// Exactly `count` pieces, or one for each character when there are fewer.
    static func cut(_ text: String, into count: Int) -> [Substring] {
        let words = split(text)
        if words.count == count || count == 0 { return count == 0 ? [] : words }
        let length = text.count
        let pieces = min(count, length)
        var rest = text[...]
        return (0..<pieces).map { index in
            let size = (index + 1) * length / pieces - index * length / pieces
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size)
        }
    }

    /// So many words that mean nothing.
    static func generate(_ count: Int) -> [Substring] {
        (0..<count).map { index in
            let word = lorem[index % lorem.count]
            return index == 0 ? word[...] : " \(word)"
        }
    }
}
