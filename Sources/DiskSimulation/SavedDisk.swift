import FoundationEssentials
import Glibc
import SimulatedDisk
import StoreSQLite

/// The simulated disk in its states of before, each with the real file that remembers how many commits
/// were answered at the time.
struct SavedDisk {
    enum Slot: Int32 {
        /// What a run starts from.
        case start
        /// What there was when the power failed.
        case crash
    }

    private let mark: String
    private var marks: [Slot: Data] = [:]

    init(at location: SQLiteLocation) {
        guard case .file(let path) = location else { preconditionFailure("a disk holds files") }
        mark = path + ".mark"
    }

    /// An empty disk.
    func format() {
        disk_format()
        forgetMark()
    }

    mutating func save(_ slot: Slot) {
        disk_save(slot.rawValue)
        marks[slot] = FileManager.default.contents(atPath: mark) ?? Data()
    }

    func restore(_ slot: Slot) {
        disk_restore(slot.rawValue)
        // An empty mark says nothing, as one that was never written.
        let file = open(mark, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(file >= 0, "\(mark) can not be written")
        defer { Glibc.close(file) }
        marks[slot]?.withUnsafeBytes { bytes in
            precondition(write(file, bytes.baseAddress, bytes.count) == bytes.count)
        }
    }

    func forgetMark() { unlink(mark) }
}
