/// The keys of one object so far, to tell one that stands there twice.
///
/// The plain keys of a small object are compared as they stand and take no memory of their own.
struct SeenKeys {
    private static let few = 16

    private var plain = InlineArray<16, JSONKey>(
        repeating: JSONKey(raw: .init(start: nil, count: 0), length: 0)
    )
    private var plainCount = 0
    /// All of them, once there are many, or one that is written with escapes or beyond ASCII.
    private var texts: Set<ByteText> = []

    /// - Returns: `false` where the key was there, however it was written.
    mutating func insert(_ key: JSONKey) -> Bool {
        if texts.isEmpty {
            guard !key.isPlain || plainCount == SeenKeys.few else { return insertPlain(key) }
            for index in 0..<plainCount { texts.insert(ByteText(plain[index].text)) }
        }
        return texts.insert(ByteText(key.text)).inserted
    }

    private mutating func insertPlain(_ key: JSONKey) -> Bool {
        for index in 0..<plainCount where plain[index].hasSameBytes(as: key) { return false }
        plain[plainCount] = key
        plainCount += 1
        return true
    }
}
