/// Why a secret is none.
enum SecretWeakness: Hashable, Sendable {
    /// It has fewer than ``shortest`` characters.
    case short
    /// Somebody who tries what people choose finds it.
    case guessable
    /// It is what an example says in a secret's place.
    case placeholder

    static let shortest = 16
    /// A secret has at least so many different letters and digits that nobody would guess.
    private static let fewest = 6

    /// What is wrong with a secret that we are to keep; `nil` for a good one.
    static func ofSecret(_ text: String) -> SecretWeakness? {
        if text.count < shortest { return .short }
        let letters = text.lowercased().withoutRepetition.withoutCommonWords
        return Set(letters.withoutSequences).count < fewest ? .guessable : nil
    }

    /// What is wrong with somebody else's credential: of those only a placeholder is known to be none.
    static func ofCredential(_ text: String) -> SecretWeakness? {
        let text = text.lowercased()
        let letters = text.withoutCommonWords
        return Set(letters).count < 3 && letters.count < text.filter(\.isLetter).count
            ? .placeholder : nil
    }
}

extension String {
    /// Words that stand in examples, and rows of a keyboard.
    private static let commonWords = [
        "openrouter", "anthropic", "openai", "farebox", "passphrase", "password", "secret",
        "default",
        "example", "sample", "replace", "change", "insert", "please", "letmein", "welcome", "token",
        "admin", "value", "your", "here", "this", "todo", "some", "key", "api", "xxx", "me", "my",
        "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwerty", "asdfgh", "zxcvb",
    ]

    /// Its letters and digits, but for common words.
    fileprivate var withoutCommonWords: [Character] {
        String.commonWords.reduce(self) { $0.replacing($1, with: " ") }
            .filter { $0.isLetter || $0.isNumber }
    }

    /// The piece that it is made of, where it is one piece again and again.
    fileprivate var withoutRepetition: String {
        let letters = Array(self)
        let length = (1...max(1, letters.count / 2)).first { length in
            letters.indices.dropFirst(length).allSatisfy { letters[$0] == letters[$0 - length] }
        }
        return String(letters.prefix(length ?? letters.count))
    }
}

extension [Character] {
    /// What is left where letters and digits that follow their neighbours, up, down or once more, are
    /// passed over.
    fileprivate var withoutSequences: [Character] {
        indices.filter { index in
            guard index > 0, let one = self[index - 1].asciiValue, let two = self[index].asciiValue
            else { return true }
            // On a keyboard, 0 follows 9.
            let distance = abs(Int(one) - Int(two))
            return distance > 1 && !(distance == 9 && (self[index] == "0" || self[index] == "9"))
        }.map { self[$0] }
    }
}
