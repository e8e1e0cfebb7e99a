import Foundation
import GatewayTestKit
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
        func path(_ name: String) -> String { folder.appending(path: name).path() }
        try OpenSSL.run(
            ["req", "-x509", "-days", "2", "-subj", "/CN=test authority"] + curve
                + ["-keyout", path("ca.key"), "-out", path("ca.pem")]
        )
        try OpenSSL.run(
            ["req", "-x509", "-days", "2", "-subj", "/CN=test server"] + curve
                + ["-addext", "subjectAltName=\(names)", "-addext", "basicConstraints=CA:FALSE"]
                + ["-CA", path("ca.pem"), "-CAkey", path("ca.key")]
                + ["-keyout", path("server.key"), "-out", path("server.pem")]
        )
        authority = .certificates(try NIOSSLCertificate.fromPEMFile(path("ca.pem")))
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(path("server.pem"))
                .map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: path("server.key"), format: .pem)),
        )
        configuration.applicationProtocols = ["http/1.1"]
        server = try NIOSSLContext(configuration: configuration)
    }
}
