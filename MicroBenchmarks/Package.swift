// swift-tools-version: 6.1
import PackageDescription

/// What the pieces of a request cost, one by one, and what the books take.
///
/// A package of its own, so that no build of the product knows the benchmark library:
/// `make microbench`.
let package = Package(
    name: "micro-benchmarks",
    platforms: [.macOS("26.0")],
    dependencies: [
        .package(name: "farebox", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
    ],
    targets: [
        // Counts calls of malloc, which the benchmark library does not on this system.
        .target(name: "Allocations"),
        .executableTarget(
            name: "Micro",
            dependencies: [
                "Allocations",
                .product(name: "BenchmarkSubjects", package: "farebox"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Micro",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")],
        ),
        .executableTarget(
            name: "Flat",
            dependencies: [.product(name: "BenchmarkSubjects", package: "farebox")],
        ),
        .executableTarget(
            name: "Pairs",
            dependencies: [
                "Allocations", .product(name: "BenchmarkSubjects", package: "farebox"),
            ],
        ),
    ],
)
