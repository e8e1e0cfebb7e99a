// swift-tools-version: 6.3
import PackageDescription

/// Every target is compiled with these.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle",
)
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(
    name: "HummingbirdTesting",
    package: "hummingbird",
)

let package = Package(
    name: "farebox",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "farebox", targets: ["CLI"]),
        .executable(name: "farebox-simulation", targets: ["SimulationRunner"]),
        .executable(name: "farebox-disk-simulation", targets: ["DiskSimulation"]),
        .executable(name: "farebox-life-simulation", targets: ["LifeSimulation"]),
        .library(name: "FuzzProperties", targets: ["FuzzProperties"]),
        .library(name: "BenchmarkSubjects", targets: ["BenchmarkSubjects"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: [.defaults, "YAML"],
        ),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Values: no I/O, no clock, no log.
        .target(name: "Primitives", swiftSettings: strict),
        .target(name: "Metering", dependencies: ["Primitives"], swiftSettings: strict),
        .target(name: "Pricing", dependencies: ["Primitives", "Metering"], swiftSettings: strict),
        .target(name: "Ledger", dependencies: ["Primitives", crypto], swiftSettings: strict),
        .systemLibrary(name: "CSecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
        .target(
            name: "ChainFormats",
            dependencies: ["Primitives", "CSecp256k1", crypto],
            swiftSettings: strict,
        ),
        .target(
            name: "Receipts",
            dependencies: ["Primitives", "Metering", "Pricing", "Ledger"],
            swiftSettings: strict,
        ),

        // Edges: one counterparty each.
        .target(
            name: "Identity",
            dependencies: ["Primitives", "Ledger", "ChainFormats", crypto],
            swiftSettings: strict,
        ),
        .target(
            name: "Deposits",
            dependencies: ["Primitives", "Ledger"],
            swiftSettings: strict,
        ),
        .target(
            name: "Withdrawals",
            dependencies: ["Primitives", "Ledger", "Deposits"],
            swiftSettings: strict,
        ),
        .target(
            name: "Watching",
            dependencies: [
                "Deposits", "Withdrawals",
                "Primitives", "Ledger", "ChainFormats", crypto, nioCore, logging, metrics,
                lifecycle,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: strict,
        ),
        .target(
            name: "Paying",
            dependencies: [
                "Primitives", "Ledger", "ChainFormats", "Deposits", "Withdrawals", "Watching",
                crypto,
                logging, metrics, lifecycle,
            ],
            swiftSettings: strict,
        ),
        .target(
            name: "Providers",
            dependencies: ["Primitives", "Metering", nioCore, httpTypes],
            swiftSettings: strict,
        ),
        .target(
            name: "Forwarding",
            dependencies: [
                "Primitives", "Providers", nioCore, httpTypes, logging, metrics,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict,
        ),
        .target(name: "RateLimits", dependencies: ["Primitives"], swiftSettings: strict),

        // Stores.
        .target(
            name: "StoreSQLite",
            dependencies: [
                "Primitives", "Metering", "Pricing", "Ledger", "Receipts", "Identity", "Deposits",
                "Withdrawals",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict,
        ),

        // Surfaces.
        .target(
            name: "Gateway",
            dependencies: [
                "Primitives", "Metering", "Pricing", "Ledger", "Receipts", "Identity", "Deposits",
                "Withdrawals",
                "ChainFormats", "Watching", "Providers",
                "Forwarding", "RateLimits", nioCore, httpTypes, hummingbird, logging, metrics,
                .product(name: "CoreMetrics", package: "swift-metrics"),
                lifecycle, crypto,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ],
            swiftSettings: strict,
        ),
        .target(
            name: "SimulatedUpstreams",
            dependencies: [
                nioCore, lifecycle,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict,
        ),
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Primitives", "Metering", "Pricing", "Ledger", "Receipts", "Identity", "Deposits",
                "Withdrawals",
                "ChainFormats", "Watching", "Paying", "Providers",
                "Forwarding", "RateLimits", "StoreSQLite", "Gateway", "SimulatedUpstreams",
                nioCore, hummingbird, logging, metrics, lifecycle,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: [
                "Resources/credit-system.yaml", "Resources/level5-0.4.yaml",
                "Resources/paymodel.yaml",
            ],
            resources: [.embedInCode("Resources/level5-1.6.yaml")],
            swiftSettings: strict,
        ),

        // The simulation: the ledger's rules against an oracle.
        .target(
            name: "Simulation",
            dependencies: ["Primitives", "Ledger", "Deposits", "Withdrawals"],
            swiftSettings: strict,
        ),
        .executableTarget(
            name: "SimulationRunner",
            dependencies: ["Identity", "Simulation"],
            swiftSettings: strict,
        ),

        // Tests.
        .target(
            name: "GatewayTestKit",
            dependencies: [
                "Primitives", "Metering", "Pricing", "Ledger", "Receipts", "Identity", "Deposits",
                "Withdrawals",
                "Providers", "ChainFormats", "Watching",
                "Forwarding", "Gateway", "SimulatedUpstreams", nioCore, httpTypes,
            ],
            swiftSettings: strict,
        ),
        .target(
            name: "FuzzProperties",
            dependencies: [
                "Primitives", "Metering", "Pricing", "Ledger", "Identity", "Deposits", "Providers",
                "Gateway", nioCore,
            ],
            swiftSettings: strict,
        ),
        .target(
            name: "BenchmarkSubjects",
            dependencies: [
                "GatewayTestKit", "Primitives", "Metering", "Pricing", "Ledger", "Receipts",
                "Identity", "Providers", "Forwarding", "Gateway", "StoreSQLite", nioCore,
            ],
            swiftSettings: strict,
        ),
        .target(name: "SimulatedDisk", linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "DiskSimulation",
            dependencies: [
                "Simulation", "SimulatedDisk", "GatewayTestKit", "Primitives", "Metering",
                "Pricing", "Ledger", "Receipts", "Identity", "Deposits", "Withdrawals",
                "StoreSQLite",
            ],
            swiftSettings: strict,
        ),
        .executableTarget(
            name: "LifeSimulation",
            dependencies: [
                "Simulation", "GatewayTestKit", "Primitives", "Metering", "Pricing", "Ledger",
                "Receipts", "Identity", "Providers", "Forwarding", "Gateway", nioCore, httpTypes,
                logging,
            ],
            swiftSettings: strict,
        ),
        .testTarget(name: "PrimitivesTests", dependencies: ["Primitives"], swiftSettings: strict),
        .testTarget(
            name: "MeteringTests",
            dependencies: ["Metering", "Primitives"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "PricingTests",
            dependencies: ["Pricing", "Metering", "Primitives"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "LedgerTests",
            dependencies: ["Ledger", "Primitives", "GatewayTestKit"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "IdentityTests",
            dependencies: ["Identity", "ChainFormats", "Primitives", "GatewayTestKit"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "ChainFormatsTests",
            dependencies: ["ChainFormats", "Primitives"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "DepositsTests",
            dependencies: [
                "Deposits", "Withdrawals", "Ledger", "Primitives", "Identity", "GatewayTestKit",
            ],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "WithdrawalsTests",
            dependencies: [
                "Withdrawals", "Deposits", "Ledger", "Primitives", "Identity", "GatewayTestKit",
            ],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "PayingTests",
            dependencies: [
                "Paying", "Watching", "Withdrawals", "Deposits", "Ledger", "Primitives",
                "Identity", "GatewayTestKit", "ChainFormats", crypto, logging,
            ],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "WatchingTests",
            dependencies: [
                "Watching", "Deposits", "Withdrawals", "Ledger", "Primitives", "Identity",
                "GatewayTestKit", "ChainFormats", nioCore, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            exclude: ["Fixtures"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "StoreSQLite", "Primitives", "Metering", "Pricing", "Ledger", "Receipts",
                "Identity", "Deposits", "Withdrawals", "GatewayTestKit",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "ProvidersTests",
            dependencies: ["Providers", "Metering", "Pricing", "Primitives", nioCore],
            resources: [.copy("Fixtures")],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "ForwardingTests",
            dependencies: [
                "Forwarding", "Providers", "SimulatedUpstreams", "GatewayTestKit", nioCore,
                httpTypes,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "RateLimitsTests",
            dependencies: ["RateLimits", "Primitives"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Primitives", "Metering", "Pricing", "Ledger", "Receipts", "Identity", "Deposits",
                "Withdrawals",
                "ChainFormats", "Watching", "Providers",
                "RateLimits", "Forwarding", "Gateway", "GatewayTestKit", nioCore, httpTypes,
                logging, hummingbird, .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["FuzzProperties"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "CLITests",
            dependencies: ["CLI", "Primitives", "Watching"],
            swiftSettings: strict,
        ),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Simulation", "Ledger", "Primitives", "Withdrawals"],
            swiftSettings: strict,
        ),
        .testTarget(
            name: "SimulatedUpstreamsTests",
            dependencies: [
                "SimulatedUpstreams", nioCore, lifecycle, logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict,
        ),
    ],
)
