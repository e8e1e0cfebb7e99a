import NIOCore
import Providers
import Testing

struct AccountNamesTests {
    @Test(arguments: [
        ("in organization org-AbCd1234EfGh on", true), ("sk-proj-abc12345", true),
        ("\"proj_12345678\"", true), ("org-short", false), ("task-1234567890", false),
        ("https://example.org/abcdefgh", false), ("", false), ("sk-", false),
    ])
    func `a name of our account is seen, and what only looks like it is not`(
        text: String,
        isNamed: Bool,
    ) {
        #expect(AccountNames.occur(in: ByteBuffer(string: text)) == isNamed)
    }
}
