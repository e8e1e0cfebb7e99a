import Forwarding
import NIOCore
import Testing

/// The transports over TLS, against an authority of our own.
@Suite(.timeLimit(.minutes(5))) struct TLSTests {
    @Test(arguments: TestedClient.allCases, ["localhost", "127.0.0.1"])
    func `an upstream with a good certificate is asked`(
        client: TestedClient,
        host: String,
    ) async throws {
        let certificates = try TestCertificates()
        let body = String(repeating: "0123456789abcdef", count: 1 << 14)
        let seen = Happenings()
        try await RawUpstream.run(tls: certificates.server) { peer, _ in
            seen.add("connection")
            while let request = try await peer.request() {
                try await peer.answer(request.hasSuffix(body) ? body : "cut")
            }
        } test: { upstream in
            try await client.run(trust: certificates.authority) { transport in
                let request = UpstreamRequest.chat(
                    at: "https://\(host):\(upstream.port)/v1",
                    body: body,
                )
                for _ in 0..<3 {
                    let got = try await transport.ask(request)
                    #expect(got == body)
                }
            }
        }
        #expect(seen.all == ["connection"])
    }

    @Test(
        arguments: TestedClient.allCases,
        [
            ("DNS:other.test,IP:127.0.0.2", true), ("DNS:localhost,IP:127.0.0.1", false),
        ],
    )
    func `a certificate for another name, or of a stranger, is refused`(
        client: TestedClient,
        certificate: (names: String, isTrusted: Bool),
    ) async throws {
        let certificates = try TestCertificates(for: certificate.names)
        let strangers = try TestCertificates()
        let seen = Happenings()
        try await RawUpstream.run(tls: certificates.server) { peer, _ in
            if try await peer.request() != nil { seen.add("asked") }
        } test: { upstream in
            let trust = certificate.isTrusted ? certificates.authority : strangers.authority
            try await client.run(trust: trust) { transport in
                for host in ["localhost", "127.0.0.1"] {
                    let handover = Handover()
                    await #expect(throws: ForwardingError.unreachable) {
                        let url = "https://\(host):\(upstream.port)/v1"
                        _ = try await transport.ask(.chat(at: url), marking: handover)
                    }
                    #expect(!handover.isDone)
                }
            }
        }
        #expect(seen.all.isEmpty)
    }

    @Test(arguments: TestedClient.allCases)
    func `a cut answer without a length is not whole`(client: TestedClient) async throws {
        let certificates = try TestCertificates()
        let seen = Happenings()
        try await RawUpstream.run(tls: certificates.server) { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\n\r\nhello")
            await seen.wait(for: "piece")
            // As anybody between the two can: the connection ends, and TLS does not say so.
            try await peer.cut()
        } test: { upstream in
            try await client.run(trust: certificates.authority) { transport in
                let url = "https://localhost:\(upstream.port)/v1"
                let answer = try await transport.send(.chat(at: url), marking: Handover())
                await #expect(throws: ForwardingError.brokenOff) {
                    try await answer.body.read { _ in
                        seen.add("piece")
                        return true
                    }
                }
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `an answer without a length ends with TLS`(client: TestedClient) async throws {
        let certificates = try TestCertificates()
        try await RawUpstream.run(tls: certificates.server) { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\n\r\nhello")
        } test: { upstream in
            try await client.run(trust: certificates.authority) { transport in
                let url = "https://localhost:\(upstream.port)/v1"
                let got = try await transport.ask(.chat(at: url))
                #expect(got == "hello")
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `one that does not speak TLS is unreachable`(client: TestedClient) async throws {
        try await RawUpstream.run { peer, _ in
            try await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            await peer.waitForLeaving()
        } test: { upstream in
            try await client.run { transport in
                await #expect(throws: ForwardingError.unreachable) {
                    let url = "https://localhost:\(upstream.port)/v1"
                    _ = try await transport.ask(.chat(at: url))
                }
            }
        }
    }
}
