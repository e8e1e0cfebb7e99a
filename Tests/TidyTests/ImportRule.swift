/// Which modules of others a target may import.
enum ImportRule {
    /// The table of `docs/architecture.md`; a target that is missing here is no target.
    private static let thirdParty: [String: Set<String>] = [
        "Primitives": [],
        "Metering": [],
        "Pricing": [],
        "Ledger": ["Crypto"],
        "CSecp256k1": [],
        "ChainFormats": ["Crypto", "CSecp256k1"],
        "Receipts": ["Crypto"],
        "Routing": [],
        "Identity": ["Crypto", "JWTKit"],
        "Providers": ["NIOCore", "HTTPTypes"],
        "Forwarding": [
            "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "NIOTLS", "HTTPTypes",
            "Logging", "Metrics", "ServiceLifecycle",
        ],
        "Deposits": [],
        "Withdrawals": [],
        "Paying": ["Crypto", "Logging", "Metrics", "ServiceLifecycle"],
        "Watching": [
            "NIOPosix", "NIOSSL", "NIOWebSocket",
            "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "Crypto", "Logging", "Metrics",
            "ServiceLifecycle",
        ],
        "RateLimits": ["CHiredis"],
        "StoreSQLite": ["GRDB", "GRDBSQLite"],
        "StorePostgres": ["CLibpq", "Logging"],
        "Gateway": [
            "Hummingbird", "HummingbirdCore", "Logging", "Metrics", "NIOCore", "HTTPTypes",
            "ServiceLifecycle", "Crypto", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1",
            "CoreMetrics",
        ],
        "Dashboard": ["Hummingbird", "Mustache"],
        "SimulatedUpstreams": [
            "NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers", "ServiceLifecycle",
        ],
        "Simulation": [],
        "SimulationRunner": [],
        "SimulatedDisk": [],
        "DiskSimulation": [],
        "FuzzProperties": ["NIOCore"],
        "BenchmarkSubjects": ["NIOCore"],
        "LifeSimulation": ["HTTPTypes", "Logging", "NIOCore"],
        "GatewayTestKit": ["Testing", "HummingbirdTesting", "NIOCore", "HTTPTypes", "Crypto"],
    ]

    private static let values: Set<String> = [
        "Primitives", "Metering", "Pricing", "Ledger", "Receipts", "Routing",
    ]
    private static let mayImportFoundation: Set<String> = [
        "Gateway", "SimulatedUpstreams", "FuzzProperties",
    ]

    /// One sentence for each import that the map does not allow.
    static func findings(in file: RepositoryFile) -> [String] {
        guard file.isIn("Sources"), let target = file.target, target != "CLI" else { return [] }
        guard let allowed = thirdParty[target] else {
            return [
                "\(file.path): instead of a target off the map, add it to ImportRule and the map"
            ]
        }
        return file.code.enumerated().compactMap { index, line in
            guard let module = importedModule(line),
                let advice = advice(against: module, in: target, allowed)
            else { return nil }
            return "\(file.path):\(index + 1): instead of import \(module) \(advice)"
        }
    }

    private static func advice(
        against module: String,
        in target: String,
        _ allowed: Set<String>,
    ) -> String? {
        switch module {
        case "Foundation":
            mayImportFoundation.contains(target) ? nil : "write import FoundationEssentials"
        case "Glibc", "Musl", "Darwin", "Dispatch":
            values.contains(target) ? "take what you need as an argument; values do no I/O" : nil
        case "FoundationEssentials", "Synchronization", "Swift": nil
        case "CLI": "move what you need out of CLI, which nobody imports"
        case let module where thirdParty[module] != nil || allowed.contains(module): nil
        default: "push the work to a target that may, see docs/architecture.md"
        }
    }

    /// The module of an import line, whatever its access level or attributes.
    static func importedModule(_ line: String) -> String? {
        let words = line.split(separator: " ").map(String.init)
        let prefixes: Set = [
            "public", "package", "internal", "fileprivate", "private", "@testable",
            "@preconcurrency", "@_exported",
        ]
        guard let position = words.firstIndex(of: "import"),
            words[..<position].allSatisfy(prefixes.contains)
        else { return nil }
        let kinds: Set = ["struct", "class", "enum", "func", "protocol", "let", "var", "typealias"]
        let name = words[(position + 1)...].first { !kinds.contains($0) }
        return name?.split(separator: ".").first.map(String.init)
    }
}
