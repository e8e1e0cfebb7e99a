import SimulatedUpstreams
import Testing

struct UsageFormTests {
    private let streamed = #""stream":true,"stream_options":{"include_usage":true}"#

    @Test(arguments: [
        ("negative", #""completion_tokens":-4"#, #""output_tokens":-4"#),
        ("fractional", #""completion_tokens":4.5"#, #""output_tokens":4.5"#),
        ("string", #""completion_tokens":"4""#, #""output_tokens":"4""#),
        (
            "huge", #""completion_tokens":9223372036854775807"#,
            #""output_tokens":9223372036854775807"#,
        ),
        ("null", #""usage":null}"#, #""usage":null}"#),
    ])
    func `usage is told as wrongly as asked`(row: (String, String, String)) async throws {
        try await withUpstream { _, client in
            let directives = "output_tokens=4;usage=\(row.0)"
            for more in ["", streamed] {
                let text = try await client.chat(more, directives).text
                #expect(text.contains(row.1))
            }
            for more in ["", #","stream":true"#] {
                let text = try await client.message(more, directives).text
                #expect(text.contains(row.2))
            }
        }
    }

    @Test func `missing usage is nowhere`() async throws {
        try await withUpstream { _, client in
            let chat = try await client.chat("", "usage=missing")
            #expect(!chat.text.contains("usage"))
            let chatStream = try await client.chat(streamed, "usage=missing")
            #expect(!chatStream.text.contains("usage"))
            let message = try await client.message("", "usage=missing")
            #expect(!message.text.contains("usage"))
            let stream = try await client.message(#","stream":true"#, "usage=missing")
            #expect(!stream.text.contains("usage"))
            #expect(stream.jsonEvents.last?["type"].string == "message_stop")
        }
    }

    @Test(arguments: [("twice", [4, 4]), ("decreasing", [9, 4])])
    func `usage is told twice`(row: (String, [Int])) async throws {
        try await withUpstream { _, client in
            let directives = "output_tokens=4;usage=\(row.0)"
            let chat = try await client.chat(streamed, directives).jsonEvents
            #expect(chat.compactMap { $0["usage"]["completion_tokens"].int } == row.1)
            let message = try await client.message(#","stream":true"#, directives).jsonEvents
            #expect(message.compactMap { $0["usage"]["output_tokens"].int } == row.1)
            let whole = try await client.chat("", directives).text
            #expect(whole.split(separator: "\"usage\":").count == 3)
        }
    }

    @Test func `usage in every chunk runs up to the truth`() async throws {
        try await withUpstream { _, client in
            let directives = "output_tokens=3;usage=every_chunk"
            let chat = try await client.chat(#""stream":true"#, directives).jsonEvents
            #expect(chat.compactMap { $0["usage"]["completion_tokens"].int } == [0, 1, 2, 3, 3, 3])
            let message = try await client.message(#","stream":true"#, directives).jsonEvents
            #expect(message.compactMap { $0["usage"]["output_tokens"].int } == [1, 2, 3, 3])
            #expect(message.compactMap { $0["usage"]["input_tokens"].int } == [3, 3, 3, 3])
        }
    }
}
