import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension Channel {
    /// Makes the next close send a RST and drop what was not sent yet.
    func lingeringNot() -> EventLoopFuture<Void> {
        guard let options = self as? any SocketOptionProvider else {
            return eventLoop.makeSucceededVoidFuture()
        }
        return options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
}
