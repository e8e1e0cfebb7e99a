import FoundationEssentials
import Glibc

/// A file of the repository.
struct RepositoryFile: Sendable {
    /// Relative to the root, such as `Sources/Ledger/Hold.swift`.
    let path: String
    /// As it is written.
    let lines: [String]
    /// With comments and the text of strings blanked out, line by line.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = path.hasSuffix(".swift") ? CodeScanner.code(of: text) : lines
    }

    /// The target that the file belongs to; `nil` outside Sources and Tests.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && ["Sources", "Tests"].contains(parts[0]) ? String(parts[1]) : nil
    }

    func isIn(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }
}

/// The repository that these tests were compiled from.
enum SourceTree {
    private static let root = String(
        #filePath.split(separator: "/", omittingEmptySubsequences: false)
            .dropLast(3).joined(separator: "/")
    )

    /// Every Swift file of ours, read once.
    static let swiftFiles = Result {
        try ["Sources", "Tests"].flatMap { try files(in: $0, suffix: ".swift") }
    }

    /// All files below `folder` whose name ends in `suffix`, by path; none where it is missing.
    static func files(in folder: String, suffix: String) throws -> [RepositoryFile] {
        guard let resolved = realpath("\(root)/\(folder)", nil) else { return [] }
        defer { free(resolved) }
        let path = String(cString: resolved)
        return try FileManager.default.subpathsOfDirectory(atPath: path)
            .filter { $0.hasSuffix(suffix) }
            .sorted()
            .map { RepositoryFile(path: "\(folder)/\($0)", text: try text("\(path)/\($0)")) }
    }

    /// A single file; `nil` where it is missing.
    static func file(_ path: String) throws -> RepositoryFile? {
        let full = "\(root)/\(path)"
        guard FileManager.default.fileExists(atPath: full) else { return nil }
        return RepositoryFile(path: path, text: try text(full))
    }

    private static func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CocoaError(.fileReadNoSuchFile)
        }
        return String(decoding: data, as: UTF8.self)
    }
}
