import FoundationEssentials
import FuzzProperties

/// The inputs of `Fuzz/Corpus`, one folder for each target.
enum Corpus {
    struct Seed: Sendable {
        let name: String
        let bytes: [UInt8]
    }

    private static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/") + "/Fuzz/Corpus"

    /// The folders that there are.
    static func targets() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    static func seeds(of target: FuzzTarget) throws -> [Seed] {
        let path = "\(folder)/\(target.rawValue)"
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map { name in
            guard let data = FileManager.default.contents(atPath: "\(path)/\(name)") else {
                throw CocoaError(.fileReadNoSuchFile)
            }
            return Seed(name: name, bytes: Array(data))
        }
    }
}
