import Foundation
import NIOSSL

/// A certificate authority made for one test, and the certificate of `localhost` and `127.0.0.1`.
struct TestCertificates {
    let authority: NIOSSLTrustRoots
    let server: NIOSSLContext

    /// - Throws: where `openssl` fails.
    init(for names: String = "DNS:localhost,IP:127.0.0.1") throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "farebox-certificates-\(UInt64.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try TestCertificates.openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=test authority"] + curve
                + ["-keyout", "ca.key", "-out", "ca.pem"],
            in: folder,
        )
        try TestCertificates.openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=test server"] + curve
                + ["-addext", "subjectAltName=\(names)", "-addext", "basicConstraints=CA:FALSE"]
                + ["-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "server.key"]
                + ["-out", "server.pem"],
            in: folder,
        )
        func path(_ name: String) -> String { folder.appending(path: name).path() }
        authority = .certificates(try NIOSSLCertificate.fromPEMFile(path("ca.pem")))
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(path("server.pem"))
                .map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: path("server.key"), format: .pem)),
        )
        configuration.applicationProtocols = ["http/1.1"]
        server = try NIOSSLContext(configuration: configuration)
    }

    private static func openssl(_ arguments: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Refused(status: process.terminationStatus)
        }
    }

    struct Refused: Error { let status: Int32 }
}
