import Testing
@Test func `two`() { #expect(Bool(true)) }
