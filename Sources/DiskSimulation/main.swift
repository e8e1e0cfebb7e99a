import Glibc
import SimulatedDisk
import StoreSQLite

let options = DiskOptions(CommandLine.arguments.dropFirst())
// Bits rot in real files.
guard options.world == .rot || disk_install() == 0 else {
    fatalError("SQLite does not take the disk")
}
await DiskRun(options).run()
