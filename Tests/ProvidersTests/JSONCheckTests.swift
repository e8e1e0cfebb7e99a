import NIOCore
import Providers
import Testing

@Suite struct JSONCheckTests {
    @Test(arguments: [
        "{}", "[]", "null", "true", "0", "-1.5e+10", "\"\"", " { \"a\" : [ 1 , 2 ] } ",
        "{\"a\":{\"b\":1},\"b\":{\"a\":1}}", "\"\\ud83d\\ude00\"", "\"\\u00e9\\n\\/\"",
        "{\"a\":1,\"A\":2}", "{\"a\":1,\"\u{E9}\":1,\"e\u{301}\":2}",
    ])
    func `strict JSON passes`(text: String) throws {
        try ByteBuffer(string: text).checkJSON()
    }

    @Test(arguments: [
        ("", JSONError.Reason.empty), ("{\"a\":1,}", .syntax), ("[1,]", .syntax),
        ("{a:1}", .syntax),
        ("{'a':1}", .syntax), ("[1 2]", .syntax), ("// c\n1", .syntax), ("01", .trailing),
        ("1 2", .trailing), ("{}x", .trailing), ("+1", .syntax), (".5", .syntax), ("1.", .syntax),
        ("1e", .syntax), ("NaN", .syntax), ("Infinity", .syntax), ("nul", .wrongType),
        ("tru", .wrongType), ("\"a", .syntax), ("\"a\nb\"", .controlCharacter),
        ("\"\\x41\"", .syntax), ("\"\\u12\"", .syntax), ("\"\\ud800\"", .surrogate),
        ("\"\\udc00\"", .surrogate), ("\"\\ud800\\u0041\"", .surrogate),
        ("{\"a\":1,\"a\":2}", .duplicateKey), ("{\"model\":1,\"mo\\u0064el\":2}", .duplicateKey),
        ("{\"x\":{\"k\":1,\"\\u006b\":1}}", .duplicateKey),
        ("{\"\u{E9}\":1,\"a\":1,\"\\u00e9\":2}", .duplicateKey), ("\u{FEFF}{}", .byteOrderMark),
        (String(repeating: "[", count: 200) + String(repeating: "]", count: 200), .depth),
        (String(repeating: "[", count: 1_000_000), .depth),
        (String(repeating: "{\"a\":", count: 100_000), .depth),
    ])
    func `what two parsers could read in two ways is refused`(
        text: String,
        reason: JSONError.Reason,
    ) {
        #expect {
            try ByteBuffer(string: text).checkJSON()
        } throws: { error in
            (error as? JSONError)?.reason == reason
        }
    }

    @Test(
        arguments: [
            [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], [0xFE, 0xFF, 0x00, 0x7B], [0x22, 0xC3, 0x22],
            [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22],
        ] as [[UInt8]]
    )
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try ByteBuffer(bytes: bytes).checkJSON() }
    }

    @Test(arguments: [
        "k", "\\u006b", "\u{E9}", "e\u{301}", "a key that is longer than most others are ",
    ])
    func `a key that stands twice is found among any number of them, wherever it stands`(
        prefix: String
    ) throws {
        for count in 1...40 {
            let keys = (0..<count).map { "\"\(prefix)\($0)\":1" }
            let object = "{" + keys.joined(separator: ",") + "}"
            try ByteBuffer(string: "[\(object),{\"a\":\(object),\"b\":\(object)}]").checkJSON()
            for index in 0..<count {
                let again = prefix.replacing("k", with: "\\u006b") + "\(index)"
                let twice = (keys + ["\"\(again)\":2"]).joined(separator: ",")
                #expect {
                    try ByteBuffer(string: "{\(twice)}").checkJSON()
                } throws: { error in
                    (error as? JSONError)?.reason == .duplicateKey
                }
            }
        }
    }
}
