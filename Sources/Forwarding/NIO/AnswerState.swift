import NIOCore
import NIOHTTP1

/// What has arrived of one answer and has not been taken yet.
///
/// What arrived is taken in its order, and an end after all that came before it.
struct AnswerState {
    private enum Ending {
        case whole
        case failed(any Error)
    }

    private var head: HTTPResponseHead?
    private var body = ByteBuffer()
    private var ending: Ending?
    /// Whether the head has arrived, taken or not.
    private(set) var hasHead = false
    private var isKeptAlive = false

    /// Whether something of the body waits to be taken.
    var hasPiece: Bool { body.readableBytes > 0 }

    /// Whether all of it has arrived.
    var isWhole: Bool {
        switch ending {
        case .whole: true
        case .failed, nil: false
        }
    }

    /// Whether nothing more of it can come.
    var isEnded: Bool { ending != nil }

    /// Whether the connection may serve another request after it.
    var isReusable: Bool { isWhole && isKeptAlive }

    mutating func receive(_ part: HTTPClientResponsePart) {
        guard ending == nil else { return }
        switch part {
        case .head(let head):
            hasHead = true
            isKeptAlive = head.isKeepAlive
            // Nobody asked for another protocol, and what would follow is not HTTP.
            if head.status == .switchingProtocols {
                ending = .failed(ForwardingError.malformed)
            } else {
                self.head = head
            }
        case .body(let bytes):
            if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
        case .end: ending = .whole
        }
    }

    /// Nothing more can come; what has arrived can still be taken.
    mutating func fail(_ error: any Error) {
        if ending == nil { ending = .failed(error) }
    }

    /// Nothing of it is wanted any more.
    mutating func abandon(_ error: any Error) {
        head = nil
        body = ByteBuffer()
        ending = .failed(error)
    }

    /// - Returns: `nil` where it has not arrived.
    mutating func takeHead() -> Result<HTTPResponseHead, any Error>? {
        if let head {
            self.head = nil
            return .success(head)
        }
        switch ending {
        case .failed(let error): return .failure(error)
        case .whole: return .failure(ForwardingError.malformed)
        case nil: return nil
        }
    }

    /// - Returns: `nil` where nothing has arrived; a success without a piece is the end.
    mutating func takePiece() -> Result<ByteBuffer?, any Error>? {
        if body.readableBytes > 0 {
            var piece = ByteBuffer()
            swap(&piece, &body)
            return .success(piece)
        }
        switch ending {
        case .failed(let error): return .failure(error)
        case .whole: return .success(nil)
        case nil: return nil
        }
    }
}
