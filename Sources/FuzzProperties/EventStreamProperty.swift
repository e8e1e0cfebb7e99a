import NIOCore
import Providers

/// Any cutting of a stream gives the same events, the bytes pass unchanged, and the events are
/// those of a reader that is too simple to be wrong.
///
/// The first byte of an input sets the limit, the second the cuts.
enum EventStreamProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard bytes.count > 2 else { return .refused }
        let (limit, stream) = (8 + Int(bytes[0]), bytes[2...])
        let whole = Outcome(Pieces.whole.cut(stream, seed: 0), limit: limit)
        for pieces in [Pieces.single, .random] {
            let cut = Outcome(pieces.cut(stream, seed: bytes[1]), limit: limit)
            try demand(cut == whole, "cut \(pieces): \(cut), not \(whole)")
        }
        try demand(
            whole.isTooLong ? stream.starts(with: whole.bytes) : whole.bytes.elementsEqual(stream),
            "the bytes did not pass unchanged",
        )
        for event in whole.events {
            try demand(event.raw.readableBytes <= limit, "an event is longer than the limit")
        }
        let plain = plainEvents(Array(stream))
        let read = whole.events.map {
            Fields(name: $0.name, data: Array($0.data.readableBytesView))
        }
        try demand(
            whole.isTooLong ? plain.starts(with: read) : plain == read,
            "read \(read), not \(plain)",
        )
        return whole.events.isEmpty ? .refused : .accepted
    }

    /// What a stream came to.
    private struct Outcome: Equatable {
        var events: [EventStreamEvent] = []
        /// What passed: the events' bytes and, unless one is too long, what is left at the end.
        var bytes: [UInt8] = []
        var isTooLong = false

        init(_ pieces: [ByteBuffer], limit: Int) {
            var parser = EventStreamParser(limit: limit)
            do throws(EventStreamError) {
                for piece in pieces {
                    parser.append(piece)
                    try take(&parser)
                }
                parser.end()
                try take(&parser)
                bytes += parser.rest.readableBytesView
            } catch {
                isTooLong = true
            }
        }

        private mutating func take(
            _ parser: inout EventStreamParser
        ) throws(EventStreamError) {
            while let event = try parser.next() {
                events.append(event)
                bytes += event.raw.readableBytesView
            }
        }
    }

    private struct Fields: Equatable {
        var name = ""
        var data: [UInt8] = []
    }

    /// The events of a whole stream: lines, and blank lines between them.
    private static func plainEvents(_ stream: [UInt8]) -> [Fields] {
        var events: [Fields] = []
        var lines: [[UInt8]] = []
        for line in plainLines(stream) {
            guard line.isEmpty else {
                lines.append(line)
                continue
            }
            let data = lines.compactMap { value(of: "data", in: $0) }
            let name = lines.compactMap { value(of: "event", in: $0) }.last ?? []
            events.append(
                Fields(
                    name: String(decoding: name, as: UTF8.self),
                    data: Array(data.joined(separator: [0x0A])),
                )
            )
            lines = []
        }
        return events
    }

    /// The lines that end; a byte order mark before the first is none of its text.
    private static func plainLines(_ stream: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var previous: UInt8 = 0
        for byte in stream {
            defer { previous = byte }
            if byte == 0x0A, previous == 0x0D { continue }
            if byte == 0x0A || byte == 0x0D {
                lines.append(line)
                line = []
            } else {
                line.append(byte)
            }
        }
        if let first = lines.first, first.starts(with: [0xEF, 0xBB, 0xBF]), first.count > 3 {
            lines[0] = Array(first.dropFirst(3))
        }
        return lines
    }

    private static func value(of name: String, in line: [UInt8]) -> [UInt8]? {
        if line == Array(name.utf8) { return [] }
        guard line.starts(with: "\(name):".utf8) else { return nil }
        let value = line.dropFirst(name.utf8.count + 1)
        return Array(value.first == 0x20 ? value.dropFirst() : value)
    }
}
