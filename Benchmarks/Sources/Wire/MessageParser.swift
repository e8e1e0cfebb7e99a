import NIOCore

/// Finds where one HTTP/1.1 message ends, and little else.
///
/// Only for what our own programs, nginx and the gateway write: it checks nothing.
public struct MessageParser {
    private enum State {
        case head
        /// Bytes of the body that are still to come.
        case fixed(Int)
        /// A line with a chunk's size comes next.
        case chunkSize
        /// Bytes of a chunk, with the line end behind it, that are still to come.
        case chunk(Int)
        /// The line end behind the last chunk comes next.
        case lastLine
    }

    /// What was found in the bytes so far.
    public enum Found {
        /// The head, as text.
        case head(String)
        /// A part of the body, without its framing.
        case body(ByteBuffer)
        case end
    }

    private var state = State.head
    private var bytes = ByteBuffer()

    public init() {}

    public mutating func append(_ more: inout ByteBuffer) {
        bytes.discardReadBytes()
        bytes.writeBuffer(&more)
    }

    /// The next thing in what was appended; `nil` where more bytes are needed.
    public mutating func next() -> Found? {
        switch state {
        case .head: return head()
        case .fixed(0):
            state = .head
            return .end
        case .fixed(let count): return part(of: count) { .fixed($0) }
        case .chunkSize:
            guard let line = line() else { return nil }
            let size = Int(line.prefix { $0 != ";" }, radix: 16) ?? 0
            state = size == 0 ? .lastLine : .chunk(size + 2)
            return next()
        case .chunk(let count):
            guard count > 2 else {
                guard bytes.readableBytes >= count else { return nil }
                bytes.moveReaderIndex(forwardBy: count)
                state = .chunkSize
                return next()
            }
            guard bytes.readableBytes > 0, let piece = bytes.readSlice(length: min(bytes.readableBytes, count - 2))
            else { return nil }
            state = .chunk(count - piece.readableBytes)
            return .body(piece)
        case .lastLine:
            guard line() != nil else { return nil }
            state = .head
            return .end
        }
    }

    private mutating func head() -> Found? {
        let view = bytes.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { return nil }
        let head = bytes.readString(length: end - view.startIndex) ?? ""
        let lower = head.lowercased()
        if lower.contains("transfer-encoding: chunked") {
            state = .chunkSize
        } else if let range = lower.firstRange(of: "content-length:") {
            let value = lower[range.upperBound...].prefix { $0 != "\r" && $0 != "\r\n" }
            state = .fixed(Int(value.trimmingPrefix(while: \.isWhitespace)) ?? 0)
        } else {
            state = .fixed(0)
        }
        return .head(head)
    }

    private mutating func part(of count: Int, _ rest: (Int) -> State) -> Found? {
        guard bytes.readableBytes > 0,
            let piece = bytes.readSlice(length: min(count, bytes.readableBytes))
        else { return nil }
        state = rest(count - piece.readableBytes)
        return .body(piece)
    }

    private mutating func line() -> String? {
        let view = bytes.readableBytesView
        guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        return bytes.readString(length: end + 1 - view.startIndex)?
            .trimmingSuffix { $0.isWhitespace || $0.isNewline }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ isDropped: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, isDropped(last) { text.removeLast() }
        return String(text)
    }
}
