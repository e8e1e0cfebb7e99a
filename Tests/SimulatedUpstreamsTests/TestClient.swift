import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import SimulatedUpstreams

/// What a test read of an answer.
struct Reply {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    var json: JSON { JSON(text) }

    /// The data of each event, in order.
    var events: [String] {
        text.components(separatedBy: "\n\n").compactMap { event in
            event.split(separator: "\n").first { $0.hasPrefix("data: ") }.map {
                String($0.dropFirst(6))
            }
        }
    }

    var jsonEvents: [JSON] { events.filter { $0 != "[DONE]" }.map { JSON($0) } }
}

/// A client of one simulated upstream.
struct TestClient {
    let port: Int

    static let chat = "/v1/chat/completions"
    static let messages = "/v1/messages"

    func send(
        _ method: HTTPMethod,
        _ path: String,
        headers: HTTPHeaders = [:],
        body: String = "",
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = method
        request.headers = headers
        if method != .GET { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Reply(
            status: Int(response.status.code),
            headers: response.headers,
            text: String(buffer: bytes),
        )
    }

    func chat(
        _ more: String = "",
        _ simulate: String = "",
        path: String = chat,
    ) async throws -> Reply {
        try await send(.POST, path, headers: Self.headers(simulate), body: Self.body(more))
    }

    func message(_ more: String = "", _ simulate: String = "") async throws -> Reply {
        let body = Self.body("\"max_tokens\":100" + more)
        return try await send(.POST, Self.messages, headers: Self.headers(simulate), body: body)
    }

    static func headers(_ simulate: String) -> HTTPHeaders {
        [
            "authorization": "Bearer sk-test", "x-api-key": "sk-test",
            "anthropic-version": "2023-06-01", "x-simulate": simulate,
        ]
    }

    /// A request of 12 bytes of text: three input tokens.
    static func body(_ more: String) -> String {
        let rest = more.isEmpty ? "" : "," + more
        return #"{"model":"m","messages":[{"role":"user","content":"Hello, world"}]\#(rest)}"#
    }
}

/// Runs `work` against an upstream that listens, and stops it.
func withUpstream(
    _ defaults: SimulatedAnswer = .init(),
    _ work: (SimulatedUpstream, TestClient) async throws -> Void,
) async throws {
    let upstream = SimulatedUpstream(defaults: defaults)
    let client = TestClient(port: try await upstream.start())
    do {
        try await work(upstream, client)
    } catch {
        await upstream.stop()
        throw error
    }
    await upstream.stop()
}
