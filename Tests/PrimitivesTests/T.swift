import Testing
@Test func `one`() { #expect(Bool(true)) }
