import Glibc
import StoreSQLite

/// What a run is told, as NAME=VALUE.
struct DiskOptions {
    enum World: String {
        /// Power cuts at random moments of random work.
        case disk
        /// A power cut at every write and sync of each verb.
        case cuts
        /// Bits that flip.
        case rot
    }

    var world = World.disk
    var seed: UInt64 = 1
    /// How many bits are flipped, one at a time.
    var flips = 1000
    /// How many power cuts, at least.
    var cuts = 1000

    init(_ arguments: some Sequence<String>) {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.first == "WORLD", let named = parts.last.flatMap(World.init) {
                world = named
                continue
            }
            switch (parts.first, parts.count == 2 ? UInt64(parts[1]) : nil) {
            case ("SEED", let number?): seed = number
            case ("CUTS", let number?): cuts = Int(clamping: number)
            case ("FLIPS", let number?): flips = Int(clamping: number)
            case (_, _):
                print("simulate: \(argument) is no option of a disk")
                exit(64)
            }
        }
    }
}

/// Cuts the power of databases until enough is cut, or something is lost.
struct DiskRun {
    private let options: DiskOptions

    init(_ options: DiskOptions) { self.options = options }

    func run() async {
        // The lock file is a real one; the database is not.
        var template = Array("/tmp/farebox-disk-XXXXXX".utf8CString)
        guard let folder = mkdtemp(&template).map({ String(cString: $0) }) else {
            fatalError("no temporary folder")
        }
        let location = SQLiteLocation.file("\(folder)/farebox.db")
        do {
            switch options.world {
            case .disk:
                let disk = try await DiskWorld.prepare(location)
                try await control(location, disk)
                await cut(location, disk)
            case .cuts:
                var cuts = CutRun(at: location)
                try await cuts.run()
            case .rot:
                var rot = RotRun(options, in: folder)
                try await rot.run()
            }
        } catch {
            print("FAILED: \(error)")
            exit(1)
        }
        for name in ["farebox.db", "copy.db"] {
            for ending in ["", "-wal", "-shm", ".lock", ".mark"] {
                unlink("\(folder)/\(name)\(ending)")
            }
        }
        rmdir(folder)
    }

    private func cut(_ location: SQLiteLocation, _ disk: SavedDisk) async {
        var (cuts, writes, seed) = (0, 0, options.seed)
        while cuts < options.cuts {
            var world = DiskWorld(seed: seed, at: location, on: disk, .init())
            await world.run(crashes: 6, images: 5)
            cuts += world.cuts
            writes += world.writes
            if let problem = world.problems.first {
                print("FAILED: \(problem)")
                print("make simulate WORLD=disk SEED=\(seed) CUTS=1")
                exit(1)
            }
            seed &+= 1
        }
        print("disk: \(cuts) power cuts, \(writes) writes, 0 lost, 0 doubled, 0 unsound")
    }

    /// A check that can not fail is none: a disk that lies about its syncs must lose something.
    private func control(_ location: SQLiteLocation, _ disk: SavedDisk) async throws {
        var losses = 0
        for seed in UInt64(1)...20 {
            var world = DiskWorld(seed: seed, at: location, on: disk, .init(liesAboutSyncs: true))
            await world.run(crashes: 6, images: 5)
            losses += world.problems.isEmpty ? 0 : 1
        }
        guard losses > 10 else {
            print("FAILED: of 20 disks that lie about their syncs, \(losses) were found out")
            exit(1)
        }
        print("disk: of 20 disks that lie about their syncs, \(losses) were found out")
    }
}
