// swift-tools-version: 6.3
import PackageDescription

/// The fuzzer: libFuzzer over the properties of `Sources/FuzzProperties`.
///
/// A package of its own, because a fuzzer links only where it is compiled as one:
/// `make fuzz TARGET=secret SECONDS=60`.
let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "farebox", path: "..")],
    targets: [
        .executableTarget(
            name: "Fuzz",
            dependencies: [.product(name: "FuzzProperties", package: "farebox")],
        )
    ],
)
