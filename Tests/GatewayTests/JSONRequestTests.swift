import NIOCore
import Primitives
import Testing

@testable import Gateway

@Suite struct JSONRequestTests {
    private static let missing = "txHash is missing or has a value that is not allowed."

    @Test(arguments: [
        (#"{}"#, missing),
        (#"{"hash": "0x1"}"#, missing),
        (#"{"txHash": 5, "extra": 1}"#, missing),
        (#"{"txHash": "0x1", "extra": 1}"#, "extra is an unknown field."),
        (#"{"txHash": "0x1", "depositCode": "1", "chainId": 1}"#, "chainId is an unknown field."),
    ])
    func `an unknown field is called so, once none is missing`(body: String, message: String) {
        #expect(refusal(DepositClaimOrder.self, body) == message)
    }

    @Test(arguments: [
        (#"{"customer": "c", "settings": {"Limit": 1}}"#, "settings.Limit is an unknown field."),
        (
            #"{"customer": "c", "settings": {"limits": {"daily": true}}, "role": 1}"#,
            "settings.limits is missing or",
        ),
    ])
    func `an inner field is named by its path`(body: String, start: String) {
        #expect(refusal(KeyOrder.self, body)?.hasPrefix(start) == true)
    }

    @Test func `the code of an unknown field is that of a wrong one`() {
        #expect(GatewayError.unknownField("x").code == GatewayError.invalidParameter("x").code)
        #expect(GatewayError.unknownField("x").kind == GatewayError.invalidParameter("x").kind)
    }

    /// What a body is refused with, if it is.
    private func refusal<Value: Decodable>(_ type: Value.Type, _ body: String) -> String? {
        do {
            _ = try JSONRequest.value(type, of: ByteBuffer(string: body))
            return nil
        } catch {
            return (error as? any Failure)?.message ?? "\(error)"
        }
    }
}
