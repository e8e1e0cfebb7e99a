/// Functions that fit a screen and files that fit a head.
enum LengthRule {
    static let longestFunction = 70
    static let longestFile = 500

    static func findings(in file: RepositoryFile) -> [String] {
        var findings = functions(in: file.code).filter { $0.length > longestFunction }.map {
            "\(file.path):\($0.line): instead of \($0.length) lines in one function, lift the "
                + "switch up and push the work down"
        }
        let length = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        if length > longestFile {
            findings.append(
                "\(file.path): instead of \(length) lines in one file, write a file for each type"
            )
        }
        return findings
    }

    /// Where each function with a body starts, and how many lines it is long.
    static func functions(in code: [String]) -> [(line: Int, length: Int)] {
        code.indices.filter { declaresFunction(code[$0]) }.compactMap { start in
            end(of: start, in: code).map { (start + 1, $0 - start + 1) }
        }
    }

    private static func declaresFunction(_ line: String) -> Bool {
        let words = line.split { " (<?!".contains($0) }
        return words.contains("func")
            || words.first { !modifiers.contains(String($0)) }.map { $0 == "init" } == true
            || words.first == "deinit"
    }

    private static let modifiers: Set<String> = [
        "public", "package", "internal", "fileprivate", "private", "convenience", "required",
        "override", "nonisolated", "@inlinable", "consuming", "mutating",
    ]
    private static let declarations: Set<String> = [
        "func", "var", "let", "case", "struct", "enum", "class", "protocol", "extension", "init",
        "associatedtype", "typealias", "}", "static", "mutating", "package", "private",
    ]

    /// The line of the brace that closes the body; `nil` for a requirement, which has none.
    private static func end(of start: Int, in code: [String]) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            let first = code[index].split { " (<?!".contains($0) }.first.map(String.init)
            if index > start, parentheses == 0, braces == 0, declarations.contains(first ?? "") {
                return nil
            }
            for character in code[index] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where braces > 0 || parentheses == 0: braces += 1
                case "}" where braces == 1: return index
                case "}" where braces > 1: braces -= 1
                default: break
                }
            }
        }
        return nil
    }
}
