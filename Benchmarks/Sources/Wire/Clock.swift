import NIOCore

/// The machine's monotonic clock in nanoseconds, the same in every process.
public func nanoseconds() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }
