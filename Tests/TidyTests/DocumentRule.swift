/// What the pages for people must say.
enum DocumentRule {
    /// A page has one title, so that it has one subject.
    static func titleFindings(in page: RepositoryFile) -> [String] {
        var isInFence = false
        var titles = 0
        for line in page.lines {
            if line.hasPrefix("```") { isInFence.toggle() }
            if !isInFence, line.hasPrefix("# ") { titles += 1 }
        }
        guard titles != 1 else { return [] }
        return ["\(page.path): instead of \(titles) lines with one `#` write one title"]
    }

    /// Every failure that clients can match on is explained.
    static func errorFindings(in files: [RepositoryFile], page: RepositoryFile) -> [String] {
        let text = page.lines.joined(separator: "\n")
        return files.flatMap(failureCodes).filter { !text.contains("`\($0.code)`") }.map {
            "\($0.place): instead of a secret failure, explain `\($0.code)` in \(page.path)"
        }
    }

    /// The codes of the types that conform to `Failure`, as written in their `code` property.
    static func failureCodes(in file: RepositoryFile) -> [(place: String, code: String)] {
        let conforms = file.code.contains { line in
            ["enum ", "struct ", "extension "].contains { line.contains($0) }
                && line.split(separator: ":", maxSplits: 1).last?.description
                    .containsWord("Failure") == true
        }
        guard conforms, let start = file.code.firstIndex(where: { $0.contains("var code: String") })
        else { return [] }
        var depth = 0
        var codes: [(place: String, code: String)] = []
        for index in start..<file.code.count {
            depth += file.code[index].count { $0 == "{" } - file.code[index].count { $0 == "}" }
            codes += strings(in: file.lines[index]).map { ("\(file.path):\(index + 1)", $0) }
            if depth <= 0 { break }
        }
        return codes
    }

    /// Every setting is explained, by its key or by its environment variable.
    ///
    /// A setting is declared in CLI as a `SettingKey` with `key: "server.port"`.
    static func settingFindings(in files: [RepositoryFile], page: RepositoryFile) -> [String] {
        let text = page.lines.joined(separator: "\n")
        return files.flatMap(settingKeys).filter { setting in
            [setting.key, variable(setting.key)].allSatisfy { !text.contains("`\($0)`") }
        }.map {
            "\($0.place): instead of a secret setting, explain `\(variable($0.key))` in \(page.path)"
        }
    }

    /// The environment variable of a key: `server.idleTimeout` gives `SERVER_IDLE_TIMEOUT`.
    private static func variable(_ key: String) -> String {
        key.reduce(into: "") { name, character in
            if character.isUppercase { name += "_" }
            name += character == "." ? "_" : character.uppercased()
        }
    }

    static func settingKeys(in file: RepositoryFile) -> [(place: String, key: String)] {
        guard file.isIn("Sources/CLI"), file.code.contains(where: { $0.containsWord("SettingKey") })
        else { return [] }
        return file.lines.enumerated().flatMap { index, line in
            line.matches(of: /\bkey: "([A-Za-z0-9]+(?:\.[A-Za-z0-9]+)+)"/).map {
                ("\(file.path):\(index + 1)", String($0.output.1))
            }
        }
    }

    private static func strings(in line: String) -> [String] {
        line.matches(of: /"([a-z0-9_]+)"/).map { String($0.output.1) }
    }
}
