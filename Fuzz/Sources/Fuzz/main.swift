import FuzzProperties
import Glibc

/// libFuzzer's own main, which calls back with each input that it makes up.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ tryInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt,
) -> CInt

/// What is fuzzed.
///
/// From the environment, because libFuzzer starts itself again to merge and to run in parallel,
/// and knows its own arguments alone.
private enum Chosen {
    static let target: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
            fatalError("FUZZ_TARGET is '\(name)' and must be one of \(names)")
        }
        return target
    }()
}

private var arguments = CommandLine.unsafeArgv
private var count = CommandLine.argc
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
