import Metering
import NIOCore
import Providers

/// What came of a stream that arrived in pieces.
struct StreamedAnswer: Equatable {
    var meanings: [EventMeaning] = []
    var data: [[UInt8]] = []
    /// Every byte of it, those of hidden events too.
    var bytes: [UInt8] = []
    /// How many bytes belong to no whole event.
    var rest = 0
    var reading: UsageReading
    var running: Usage
    var certain: Usage
    /// What we would write to end it.
    var end: ByteBuffer

    static var meter: UsageMeter {
        UsageMeter(UsageMeter.Bounds(inputEstimate: 7, outputLimit: 4096, bytesPerToken: 4))
    }

    init(_ dialect: Dialect, _ wantsUsageChunk: Bool, _ pieces: [ByteBuffer]) {
        var stream = StreamReader(
            reader: AnswerReader(dialect, wantsUsageChunk: wantsUsageChunk),
            meter: StreamedAnswer.meter,
        )
        for piece in pieces { stream.take(piece) }
        stream.finish()
        (meanings, data, bytes) = (stream.meanings, stream.data, stream.bytes)
        rest = stream.parser.rest.readableBytes
        bytes += stream.parser.rest.readableBytesView
        reading = stream.meter.reading
        running = stream.meter.running(ahead: 3)
        certain = stream.meter.certain
        end = stream.reader.cutEvents(reading, model: "a\"model")
        end.writeImmutableBuffer(stream.reader.terminalEvent)
    }
}

private struct StreamReader {
    var parser = EventStreamParser(limit: 1 << 24)
    var reader: AnswerReader
    var meter: UsageMeter
    var meanings: [EventMeaning] = []
    var data: [[UInt8]] = []
    var bytes: [UInt8] = []

    mutating func take(_ piece: ByteBuffer) {
        parser.append(piece)
        read()
    }

    mutating func finish() {
        parser.end()
        read()
    }

    private mutating func read() {
        while let event = next() {
            meanings.append(reader.read(event, into: &meter))
            data.append(Array(event.data.readableBytesView))
            bytes += event.raw.readableBytesView
        }
    }

    private mutating func next() -> EventStreamEvent? {
        do throws(EventStreamError) {
            return try parser.next()
        } catch {
            preconditionFailure("no input of the fuzzer is as long as the limit")
        }
    }
}
