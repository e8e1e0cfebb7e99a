import Testing

/// Each rule must be able to fail: it finds what is planted and passes what only looks like it.
struct PlantedTests {
    private func findings(_ path: String, _ text: String) -> [String] {
        let file = RepositoryFile(path: path, text: text)
        return TidyRule.all.flatMap { $0.findings(in: file) } + ImportRule.findings(in: file)
            + LengthRule.findings(in: file)
    }

    @Test(arguments: [
        ("Sources/Ledger/A.swift", "let price: Double = 1"),
        ("Sources/Metering/A.swift", "let price = [Float]()"),
        ("Sources/Gateway/A.swift", "let now = Date()"),
        ("Sources/Gateway/A.swift", "let now = \"at \\(Date())\""),
        ("Sources/Forwarding/A.swift", "let clock = ContinuousClock()"),
        ("Sources/GatewayTestKit/A.swift", "let clock = SuspendingClock()"),
        ("Sources/Identity/A.swift", "let id = UUID().uuidString"),
        ("Sources/StoreSQLite/A.swift", "ProcessInfo.processInfo"),
        ("Sources/Gateway/A.swift", "    Task { await sweep() }"),
        ("Sources/Gateway/A.swift", "let task = Task.detached { }"),
        ("Sources/Gateway/A.swift", "final class A: @unchecked Sendable {}"),
        ("Sources/Gateway/A.swift", "let a = try! b()"),
        ("Sources/Gateway/A.swift", "print(\"here\")"),
        ("Tests/GatewayTests/A.swift", "try await Task.sleep(for: .seconds(1))"),
        ("Sources/Ledger/A.swift", "import GRDB"),
        ("Sources/Ledger/A.swift", "package import Foundation"),
        ("Sources/Ledger/A.swift", "import Glibc"),
        ("Sources/Gateway/A.swift", "import struct GRDB.Row"),
        ("Sources/StoreSQLite/A.swift", "@preconcurrency import Logging"),
        ("Sources/Providers/A.swift", "import NIOPosix"),
        ("Sources/Elsewhere/A.swift", "let a = 1"),
        ("Sources/Ledger/A.swift", "func long() {" + String(repeating: "\n", count: 70) + "}"),
        ("Tests/A/A.swift", "    init(a: Int)\n{" + String(repeating: "\n", count: 70) + "}"),
        ("Sources/Ledger/A.swift", String(repeating: "\n", count: 501)),
    ])
    func `what is planted is found once, with what to write instead`(
        _ path: String,
        _ text: String,
    ) {
        let found = findings(path, text)
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.contains("instead of") && $0.hasPrefix(path) })
    }

    @Test(arguments: [
        ("Sources/Gateway/A.swift", "let ratio: Double = 1"),
        ("Sources/Ledger/A.swift", "// never a Double, never Date()"),
        ("Sources/Ledger/A.swift", "/// ``UUID()`` and `print(` /* Task { */"),
        ("Sources/Ledger/A.swift", "let text = \"Double Date() print( try! Task {\""),
        ("Sources/Ledger/A.swift", "let text = \"\"\"\n    print(\\\"a\\\")\n    \"\"\""),
        ("Sources/Ledger/A.swift", "let text = #\"say \"print(\" \"#"),
        ("Sources/Ledger/A.swift", "let doubled: DoubleEntry; blueprint(); stream.print(a)"),
        ("Sources/Ledger/A.swift", "try await withTaskGroup { group in group.addTask { } }"),
        ("Sources/CLI/A.swift", "import Anything\nprint(Date(), UUID(), ProcessInfo.processInfo)"),
        ("Sources/Gateway/A.swift", "import Foundation\nimport Hummingbird\nimport Ledger"),
        ("Sources/Forwarding/A.swift", "package import AsyncHTTPClient\nimport NIOSSL"),
        ("Sources/Ledger/A.swift", "import Crypto\nimport FoundationEssentials"),
        ("Sources/Ledger/A.swift", "func short() {" + String(repeating: "\n", count: 69) + "}"),
        (
            "Sources/Ledger/A.swift",
            "protocol P {\n    func a()\n    func b() -> Int\n}\nenum E {"
                + String(repeating: "\n", count: 90) + "}",
        ),
        ("Sources/Ledger/A.swift", String(repeating: "\n", count: 500)),
    ])
    func `what only looks like it is passed`(_ path: String, _ text: String) {
        #expect(findings(path, text) == [])
    }

    @Test(arguments: [
        ("no title", false), ("# One", true), ("# One\n# Two", false), ("## Below", false),
        ("# One\n```\n# a comment in a shell\n```\n## Below", true),
    ])
    func `a page with another number of titles than one is found`(_ text: String, _ isRight: Bool) {
        let page = RepositoryFile(path: "docs/page.md", text: text)
        #expect(DocumentRule.titleFindings(in: page).isEmpty == isRight)
    }

    @Test func `a failure that no page explains is found`() {
        let file = RepositoryFile(
            path: "Sources/Ledger/A.swift",
            text: """
                package enum AError: Failure, Hashable {
                    package var code: String {
                        switch self {
                        case .a: "first_code"
                        case .b: "second_code"
                        }
                    }
                    package var message: String { "not_a_code" }
                }
                """,
        )
        let page = RepositoryFile(path: "docs/errors.md", text: "`first_code`\nsecond_code")
        #expect(
            DocumentRule.errorFindings(in: [file], page: page) == [
                "Sources/Ledger/A.swift:5: instead of a secret failure, explain `second_code` in "
                    + "docs/errors.md"
            ]
        )
    }

    @Test func `a setting that no page explains is found`() {
        let file = RepositoryFile(
            path: "Sources/CLI/Settings.swift",
            text: """
                static let port = SettingKey(key: "server.port", default: 8080)
                static let host = SettingKey(key: "server.host", default: "::1")
                static let idle = SettingKey(key: "server.idleTimeout", default: 5)
                """,
        )
        let page = RepositoryFile(
            path: "docs/configuration.md",
            text: "`server.port` `SERVER_IDLE_TIMEOUT`",
        )
        #expect(
            DocumentRule.settingFindings(in: [file], page: page) == [
                "Sources/CLI/Settings.swift:2: instead of a secret setting, explain `SERVER_HOST` "
                    + "in docs/configuration.md"
            ]
        )
    }
}
