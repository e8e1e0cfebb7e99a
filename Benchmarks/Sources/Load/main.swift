import Glibc
import NIOCore
import NIOPosix
import Wire

// Asks one server and prints what it saw as one line of JSON.
//   port= path= key= body=       what is asked, of 127.0.0.1; a body with "stream":true is a stream
//   keys=FILE                    the keys that take turns, one a line
//   connections= seconds=        each connection asks again when it was answered
//   rate=                        so many requests a second, whether or not the others were answered
//   hold=N                       opens N streams, says so when each has begun, and reads on
let options = Options(CommandLine.arguments.dropFirst())
let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
let report = try loop.flatSubmit { () -> EventLoopFuture<String> in
    let run = Run(options, on: loop)
    return run.start().map { run.report }
}
print(try report.wait())
exit(0)
