import Testing

struct TidyTests {
    private func swiftFiles() throws -> [RepositoryFile] {
        try SourceTree.swiftFiles.get()
    }

    @Test func `the tree is found`() throws {
        let files = try swiftFiles()
        #expect(files.contains { $0.path == "Sources/Primitives/Amount.swift" })
        #expect(files.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
    }

    @Test(arguments: TidyRule.all)
    func `nothing is written that has a better way`(_ rule: TidyRule) throws {
        for finding in try swiftFiles().flatMap(rule.findings) { Issue.record("\(finding)") }
    }

    @Test func `targets import what the map allows`() throws {
        for finding in try swiftFiles().flatMap(ImportRule.findings) {
            Issue.record("\(finding)")
        }
    }

    @Test func `functions fit a screen and files a head`() throws {
        for finding in try swiftFiles().flatMap(LengthRule.findings) {
            Issue.record("\(finding)")
        }
    }

    @Test func `every page has one title`() throws {
        let pages = try SourceTree.files(in: "docs", suffix: ".md")
        for finding in pages.flatMap(DocumentRule.titleFindings) { Issue.record("\(finding)") }
    }

    @Test func `every failure is explained`() throws {
        let files = try swiftFiles().filter { $0.isIn("Sources") }
        #expect(files.flatMap(DocumentRule.failureCodes).count > 20)
        guard let page = try SourceTree.file("docs/errors.md") else { return }
        for finding in DocumentRule.errorFindings(in: files, page: page) {
            Issue.record("\(finding)")
        }
    }

    @Test func `every setting is explained`() throws {
        let files = try swiftFiles()
        guard let page = try SourceTree.file("docs/configuration.md") else { return }
        for finding in DocumentRule.settingFindings(in: files, page: page) {
            Issue.record("\(finding)")
        }
    }
}
