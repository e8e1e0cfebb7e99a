import FuzzProperties
import Glibc

/// libFuzzer's own main, which calls back with each input that it makes up.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ tryInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt,
) -> CInt

/// What is fuzzed: `Fuzz <target> [libFuzzer's arguments]`.
private enum Chosen {
    static let target: FuzzTarget = {
        let name = CommandLine.arguments.dropFirst().first ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
            fatalError("'\(name)' is no target; there are \(names)")
        }
        return target
    }()
}

// libFuzzer starts itself again in parallel runs, so the target stays where it is: the driver
// takes it for a folder's name unless it is passed over.
private var arguments = CommandLine.unsafeArgv + 1
private var count = CommandLine.argc - 1
_ = Chosen.target
exit(
    runFuzzer(&count, &arguments) { start, count in
        let bytes = Array(UnsafeBufferPointer(start: start, count: count))
        do throws(BrokenProperty) {
            _ = try Chosen.target.check(bytes)
        } catch {
            fatalError("\(Chosen.target.rawValue): \(error)")
        }
        return 0
    }
)
