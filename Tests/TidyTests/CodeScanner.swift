/// Blanks out comments and the text of strings, so that rules see code alone.
///
/// What is interpolated into a string is code again.
struct CodeScanner {
    private enum Context {
        case code
        /// In a string's interpolation, so many parentheses deep.
        case interpolation(depth: Int)
        case lineComment
        case blockComment(depth: Int)
        case string(quotes: Int, hashes: Int)
    }

    private let text: [UInt8]
    private var next = 0
    private var contexts: [Context] = [.code]
    private var result: [UInt8] = []

    static func code(of text: String) -> [String] {
        var scanner = CodeScanner(text)
        while scanner.next < scanner.text.count { scanner.step() }
        return String(decoding: scanner.result, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    private init(_ text: String) {
        self.text = Array(text.utf8)
        result.reserveCapacity(self.text.count)
    }

    private mutating func step() {
        switch contexts.last ?? .code {
        case .code: stepInCode(depth: nil)
        case .interpolation(let depth): stepInCode(depth: depth)
        case .lineComment:
            if stands("\n") { contexts.removeLast() }
            blank(1)
        case .blockComment(let depth): stepInComment(depth)
        case .string(let quotes, let hashes): stepInString(quotes, hashes)
        }
    }

    private mutating func stepInCode(depth: Int?) {
        let hashes = text[next...].prefix { $0 == UInt8(ascii: "#") }.count
        if stands("//") {
            contexts.append(.lineComment)
        } else if stands("/*") {
            contexts.append(.blockComment(depth: 1))
            blank(2)
        } else if stands("\"", after: hashes) {
            let quotes = stands("\"\"\"", after: hashes) ? 3 : 1
            contexts.append(.string(quotes: quotes, hashes: hashes))
            keep(hashes + quotes)
        } else {
            count(depth)
            keep(1)
        }
    }

    /// Follows the parentheses of an interpolation to its end.
    private mutating func count(_ depth: Int?) {
        guard let depth else { return }
        if stands("(") { contexts[contexts.count - 1] = .interpolation(depth: depth + 1) }
        if stands(")") {
            contexts.removeLast()
            if depth > 1 { contexts.append(.interpolation(depth: depth - 1)) }
        }
    }

    private mutating func stepInComment(_ depth: Int) {
        if stands("/*") {
            contexts[contexts.count - 1] = .blockComment(depth: depth + 1)
            blank(2)
        } else if stands("*/") {
            contexts.removeLast()
            if depth > 1 { contexts.append(.blockComment(depth: depth - 1)) }
            blank(2)
        } else {
            blank(1)
        }
    }

    private mutating func stepInString(_ quotes: Int, _ hashes: Int) {
        let hash = String(repeating: "#", count: hashes)
        if stands(String(repeating: "\"", count: quotes) + hash) {
            contexts.removeLast()
            keep(quotes + hashes)
        } else if stands("\\\(hash)(") {
            contexts.append(.interpolation(depth: 1))
            blank(hashes + 2)
        } else if stands("\\\(hash)") {
            blank(hashes + 2)
        } else {
            blank(1)
        }
    }

    /// Whether `word` comes next, `offset` bytes on.
    private func stands(_ word: String, after offset: Int = 0) -> Bool {
        text[next...].dropFirst(offset).starts(with: word.utf8)
    }

    private mutating func keep(_ count: Int) {
        let end = min(next + count, text.count)
        result += text[next..<end]
        next = end
    }

    private mutating func blank(_ count: Int) {
        let end = min(next + count, text.count)
        result += text[next..<end].map { $0 == UInt8(ascii: "\n") ? $0 : UInt8(ascii: " ") }
        next = end
    }
}
