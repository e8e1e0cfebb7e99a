/// A text that is compared by its bytes.
///
/// `String` compares as Unicode does, in an order of its own; for a letter with thousands of marks
/// that takes a time which grows with their square, and who asks chooses the letters.
struct ByteText: Hashable {
    private let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ByteText, right: ByteText) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
