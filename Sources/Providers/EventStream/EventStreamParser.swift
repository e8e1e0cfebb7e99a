package import NIOCore

/// One event of a server-sent event stream, with the very bytes it came in.
package struct EventStreamEvent: Hashable, Sendable {
    /// Everything from the end of the event before to the blank line that ends this one.
    package let raw: ByteBuffer
    /// The `event` field; empty where there is none.
    package let name: String
    /// The `data` lines, joined by line feeds; empty where there are none.
    package let data: ByteBuffer

    package init(raw: ByteBuffer, name: String, data: ByteBuffer) {
        self.raw = raw
        self.name = name
        self.data = data
    }
}

/// Why bytes are not an event stream that we relay.
package enum EventStreamError: Error, Hashable, Sendable {
    /// One event is longer than the limit.
    case eventTooLong(limit: Int)
}

/// Cuts an event stream into events, whatever pieces it arrives in.
///
/// Follows the event stream format of the HTML standard (section 9.2.6): lines end in LF, CR or
/// CRLF, a blank line ends an event, a leading byte order mark is passed over. The events' raw
/// bytes, joined, are the bytes that went in.
package struct EventStreamParser: Sendable {
    private let limit: Int
    private var buffer = ByteBuffer()
    /// How far into `buffer` lines have been looked for.
    private var scanned = 0
    /// Where the current line starts in `buffer`.
    private var lineStart = 0
    private var isFirstEvent = true
    private var isEnded = false

    /// - Parameter limit: the most bytes that one event may have.
    package init(limit: Int) { self.limit = limit }

    /// Takes bytes as they arrived.
    package mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            var bytes = bytes
            // Or the stream would be kept whole where no piece of it ends with an event.
            buffer.discardReadBytes()
            buffer.writeBuffer(&bytes)
        }
    }

    /// The next whole event, if it has arrived.
    ///
    /// - Throws: ``EventStreamError/eventTooLong(limit:)``, after the same events whatever pieces
    ///   the stream arrived in.
    package mutating func next() throws(EventStreamError) -> EventStreamEvent? {
        let end = endOfEvent()
        guard (end ?? buffer.readableBytes) <= limit else { throw .eventTooLong(limit: limit) }
        guard let end, let raw = buffer.readSlice(length: end) else { return nil }
        scanned = 0
        lineStart = 0
        defer { isFirstEvent = false }
        return EventStreamEvent(raw: raw, skippingByteOrderMark: isFirstEvent)
    }

    /// Says that no more bytes come, which settles whether a last CR stands alone.
    package mutating func end() { isEnded = true }

    /// What has arrived of an event that is not whole.
    package var rest: ByteBuffer { buffer }

    /// How many bytes the next event has, or `nil` while its end has not arrived.
    ///
    /// A CR that is the last byte so far ends no line yet: an LF that follows belongs to it.
    private mutating func endOfEvent() -> Int? {
        let (scanned, lineStart, end) = buffer.withUnsafeReadableBytes {
            bytes -> (Int, Int, Int?) in
            var index = self.scanned
            var start = self.lineStart
            while true {
                index = ByteScan.endOfLine(in: bytes, from: index)
                guard index < bytes.count else { break }
                let byte = bytes[index]
                let isLast = index + 1 == bytes.count
                if byte == 0x0D, isLast, !isEnded { break }
                let isPair = byte == 0x0D && !isLast && bytes[index + 1] == 0x0A
                let next = index + (isPair ? 2 : 1)
                if index == start { return (next, next, next) }
                (index, start) = (next, next)
            }
            return (index, start, nil)
        }
        self.scanned = scanned
        self.lineStart = lineStart
        return end
    }
}

extension EventStreamEvent {
    /// Reads the fields of one event's bytes.
    init(raw: ByteBuffer, skippingByteOrderMark: Bool) {
        var name = ""
        var data: ByteBuffer?
        var rest = raw
        if skippingByteOrderMark, rest.readableBytesView.starts(with: [0xEF, 0xBB, 0xBF]) {
            rest.moveReaderIndex(forwardBy: 3)
        }
        while let line = rest.readLine() {
            if let value = line.field("data") {
                data.appendLine(value)
            } else if let value = line.field("event") {
                name = String(buffer: value)
            }
        }
        self.init(raw: raw, name: name, data: data ?? ByteBuffer())
    }
}

extension ByteBuffer {
    /// The bytes up to the next line end, which is passed over; `nil` at the end.
    fileprivate mutating func readLine() -> ByteBuffer? {
        guard readableBytes > 0 else { return nil }
        let length = withUnsafeReadableBytes { ByteScan.endOfLine(in: $0, from: 0) }
        let line = readSlice(length: length)
        if readableBytes > 0, readInteger(as: UInt8.self) == 0x0D,
            getInteger(at: readerIndex, as: UInt8.self) == 0x0A
        {
            moveReaderIndex(forwardBy: 1)
        }
        return line
    }

    /// The value of a line `name: value` or `name:value`; `nil` for another field.
    fileprivate func field(_ name: String) -> ByteBuffer? {
        let view = readableBytesView
        guard view.starts(with: name.utf8) else { return nil }
        var value = self
        value.moveReaderIndex(forwardBy: name.utf8.count)
        guard value.readableBytes > 0 else { return value }
        guard value.readInteger(as: UInt8.self) == UInt8(ascii: ":") else { return nil }
        if value.getInteger(at: value.readerIndex, as: UInt8.self) == 0x20 {
            value.moveReaderIndex(forwardBy: 1)
        }
        return value
    }
}

extension ByteBuffer? {
    fileprivate mutating func appendLine(_ line: ByteBuffer) {
        guard var joined = self else {
            self = line
            return
        }
        var line = line
        joined.writeInteger(0x0A as UInt8)
        joined.writeBuffer(&line)
        self = joined
    }
}
