/// The size of a message's content, in either dialect's shapes: a string, or parts with text, images, nested content.
struct MessageContent: Decodable {
    /// UTF-8 bytes of all texts.
    private(set) var textBytes = 0
    private(set) var images = 0

    init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() { return }
        if let text = try? single.decode(String.self) {
            textBytes = text.utf8.count
            return
        }
        for part in try single.decode([Part].self) {
            if part.type.contains("image") { images += 1 }
            textBytes += part.text?.utf8.count ?? 0
            if let content = part.content {
                textBytes += content.textBytes
                images += content.images
            }
        }
    }

    private struct Part: Decodable {
        let type: String
        let text: String?
        /// Anthropic's tool results carry parts of their own.
        let content: MessageContent?
    }
}
