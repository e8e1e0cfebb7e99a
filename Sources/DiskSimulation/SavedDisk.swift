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
        _ = FileManager.default.createFile(atPath: mark, contents: marks[slot] ?? Data())
    }

    func forgetMark() { unlink(mark) }
}
