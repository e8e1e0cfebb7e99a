package import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A node that is asked over HTTP.
package struct HTTPNode: JSONRPC {
    /// May hold a key of the node's operator; it is never logged.
    private let url: String
    private let client: HTTPClient
    private let limit: AnswerLimit

    /// `clock` is what its patience is measured by.
    package init(
        _ url: String,
        client: HTTPClient,
        clock: any Clock<Duration>,
        timeout: Duration = .seconds(10),
    ) {
        self.url = url
        self.client = client
        limit = AnswerLimit(bytes: 16 << 20, time: timeout, clock: clock)
    }

    package func call<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [JSONParameter],
        as result: Result.Type,
    ) async throws(RPCFailure) -> Result? {
        let body = try await answer(to: method, parameters)
        let answer: Answer<Result>
        do {
            answer = try JSONDecoder().decode(Answer<Result>.self, from: body)
        } catch {
            throw .malformed(method: method)
        }
        if let error = answer.error {
            throw .refused(method: method, code: error.code, String(error.message.prefix(200)))
        }
        return answer.result
    }

    private struct Question: Encodable {
        let jsonrpc = "2.0"
        let id = 1
        let method: String
        let params: [JSONParameter]
    }

    private struct Answer<Result: Decodable>: Decodable {
        struct Refusal: Decodable {
            let code: Int
            let message: String
        }

        let result: Result?
        let error: Refusal?
    }

    private func answer(
        to method: String,
        _ parameters: [JSONParameter],
    ) async throws(RPCFailure) -> Data {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        do {
            let question = Question(method: method, params: parameters)
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(question)))
        } catch {
            throw .malformed(method: method)
        }
        let bytes = try await client.answer(to: request, within: limit)
        return Data(bytes.readableBytesView)
    }
}
