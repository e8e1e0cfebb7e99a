import NIOCore

/// How long a connection waits.
struct ConnectionTimeouts: Sendable {
    /// For the next request.
    let request: TimeAmount
    /// For a request's body, whether or not a route reads it.
    let body: TimeAmount
    /// For an agent that reads nothing of what was written.
    let reading: TimeAmount
}
