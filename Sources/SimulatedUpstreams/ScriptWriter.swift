import NIOCore
import NIOHTTP1

/// Frames a body as HTTP/1.1 and cuts it into the steps of a script.
struct ScriptWriter {
    let body: AnswerBody
    let answer: SimulatedAnswer
    /// The number of the request.
    let number: Int
    let keepsAlive: Bool
    private var script = Script()

    init(_ body: AnswerBody, _ answer: SimulatedAnswer, number: Int, keepsAlive: Bool) {
        self.body = body
        self.answer = answer
        self.number = number
        self.keepsAlive = keepsAlive
    }

    consuming func write() -> Script {
        script.yields = answer.chunkBytes != nil
        script.closesAfter = !keepsAlive
        if answer.headDelay > .zero { script.steps.append(.pause(answer.headDelay)) }
        if let ending = headFault {
            if answer.fault == .garbageHead {
                script.bytes.writeStaticString("SIMULATED/9 this is no head\r\n\r\n")
                send()
            }
            script.steps.append(ending)
            return script
        }
        script.status = body.status
        script.bytes.reserveCapacity(body.bytes.readableBytes + body.ends.count * 8 + 512)
        writeHead()
        writePieces()
        writeEnding()
        return script
    }

    /// What happens instead of a head.
    private var headFault: Script.Step? {
        switch answer.fault {
        case .resetBeforeHead: .reset
        case .closeBeforeHead, .garbageHead: .close
        case .stallHead: .stall
        default: nil
        }
    }

    private mutating func send() {
        script.steps.append(.send(upTo: script.bytes.writerIndex))
    }

    private mutating func writeHead() {
        if answer.fault == .informationalFlood {
            for _ in 0..<1000 {
                script.bytes.writeStaticString(
                    "HTTP/1.1 103 Early Hints\r\nlink: </simulated>\r\n\r\n"
                )
            }
        }
        let status = HTTPResponseStatus(statusCode: body.status)
        script.bytes.writeString("HTTP/1.1 \(body.status) \(status.reasonPhrase)\r\n")
        writeField("content-type", body.contentType)
        writeField(body.dialect.requestIDHeader, body.dialect.requestID(number))
        for (name, value) in body.headers { writeField(name, value) }
        if let seconds = answer.retryAfter { writeField("retry-after", String(seconds)) }
        if !keepsAlive { writeField("connection", "close") }
        if body.isStream {
            writeField("transfer-encoding", "chunked")
        } else {
            writeField("content-length", String(body.declaredLength ?? body.bytes.readableBytes))
        }
        script.bytes.writeStaticString("\r\n")
    }

    private mutating func writeField(_ name: String, _ value: String) {
        script.bytes.writeString(name)
        script.bytes.writeStaticString(": ")
        script.bytes.writeString(value)
        script.bytes.writeStaticString("\r\n")
    }

    private mutating func writePieces() {
        var start = 0
        for end in body.cuts(every: answer.chunkBytes) {
            if start > 0 && answer.chunkDelay > .zero {
                script.steps.append(.pause(answer.chunkDelay))
            }
            if body.isStream {
                script.bytes.writeString(String(end - start, radix: 16))
                script.bytes.writeStaticString("\r\n")
            }
            script.bytes.writeImmutableBuffer(body.bytes.slice(start..<end))
            if body.isStream { script.bytes.writeStaticString("\r\n") }
            send()
            start = end
        }
        if start == 0 { send() }
    }

    private mutating func writeEnding() {
        switch answer.fault {
        case .resetAfterEvents:
            // The peer drops what it has not read when the reset arrives.
            script.steps += [.pause(.milliseconds(50)), .reset]
        case .closeAfterEvents, .truncatedBody: script.steps.append(.close)
        case .stallAfterEvents: script.steps.append(.stall)
        default:
            guard body.isStream else { return }
            script.steps.removeLast()
            script.bytes.writeStaticString("0\r\n\r\n")
            send()
        }
    }
}
