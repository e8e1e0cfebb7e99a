// swift-tools-version: 6.3
import PackageDescription

// What loads a gateway and what stands behind it, as cheap as they can be: what they cost is not
// the contestants'. `make bench` builds and runs them.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2")
    ],
    targets: [
        .target(
            name: "Wire",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
        ),
        .executableTarget(
            name: "Load",
            dependencies: [
                "Wire", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
        ),
        .executableTarget(
            name: "StaticUpstream",
            dependencies: [
                "Wire", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
        ),
    ],
)
