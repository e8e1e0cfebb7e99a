/// What the signers of a transaction sign, in either format of the wire.
///
/// Accounts stand in four groups: signers that are written, signers that are read, others that are
/// written, others that are read. A versioned message names further accounts by their places in tables
/// on the chain; those stand behind, the written ones first, and only a node can tell who they are.
///
/// Source: `solana-message`, `legacy` and `v0`.
package struct SolanaMessage: Hashable, Sendable {
    /// An instruction whose accounts are places.
    package struct Compiled: Hashable, Sendable {
        package let program: Int
        package let accounts: [Int]
        package let data: [UInt8]
    }

    /// The accounts that a message takes from a table.
    package struct Lookup: Hashable, Sendable {
        package let table: SolanaKey
        package let written: [UInt8]
        package let read: [UInt8]
    }

    package let isVersioned: Bool
    package let signers: Int
    package let readOnlySigners: Int
    package let readOnlyOthers: Int
    /// The accounts that the message itself names.
    package let keys: [SolanaKey]
    package let blockhash: SolanaKey
    package let instructions: [Compiled]
    package let lookups: [Lookup]

    /// How many accounts there are with those of the tables.
    package var accountCount: Int {
        lookups.reduce(keys.count) { $0 + $1.written.count + $1.read.count }
    }
}

// MARK: Reading

extension SolanaMessage {
    /// Reads a message from the front of `bytes`.
    ///
    /// - Returns: `nil` for anything that no node would have taken: an unknown version, a place that
    ///   names no account, bytes that are missing.
    init?(reading bytes: inout ArraySlice<UInt8>) {
        guard let first = bytes.first else { return nil }
        isVersioned = first & 0x80 != 0
        if isVersioned {
            guard first == 0x80 else { return nil }
            bytes.removeFirst()
        }
        guard let header = bytes.take(3),
            let keys = bytes.takeMany({ $0.take(32).flatMap { SolanaKey(bytes: $0) } }),
            let blockhash = bytes.take(32).flatMap({ SolanaKey(bytes: $0) }),
            let instructions = bytes.takeMany(Compiled.init(reading:))
        else { return nil }
        (signers, readOnlySigners, readOnlyOthers) = (
            Int(header[0]), Int(header[1]), Int(header[2]),
        )
        self.keys = keys
        self.blockhash = blockhash
        self.instructions = instructions
        if isVersioned {
            guard let lookups = bytes.takeMany(Lookup.init(reading:)) else { return nil }
            self.lookups = lookups
        } else {
            lookups = []
        }
        guard isSound else { return nil }
    }

    /// What a node checks before it looks at a signature.
    private var isSound: Bool {
        let places = 0..<accountCount
        return signers > 0 && readOnlySigners < signers
            && signers + readOnlyOthers <= keys.count && accountCount <= 256
            && instructions.allSatisfy { instruction in
                // The payer, and an account of a table, is no program.
                (1..<keys.count).contains(instruction.program)
                    && instruction.accounts.allSatisfy(places.contains)
            }
    }
}

extension SolanaMessage.Compiled {
    fileprivate init?(reading bytes: inout ArraySlice<UInt8>) {
        guard let program = bytes.popFirst(), let accounts = bytes.takeBytes(),
            let data = bytes.takeBytes()
        else { return nil }
        self.init(program: Int(program), accounts: accounts.map(Int.init), data: data)
    }
}

extension SolanaMessage.Lookup {
    fileprivate init?(reading bytes: inout ArraySlice<UInt8>) {
        guard let table = bytes.take(32).flatMap({ SolanaKey(bytes: $0) }),
            let written = bytes.takeBytes(), let read = bytes.takeBytes()
        else { return nil }
        self.init(table: table, written: written, read: read)
    }
}

// MARK: Writing

extension SolanaMessage {
    /// A message of the first format, without tables, whose fees `payer` bears.
    ///
    /// - Returns: `nil` for more accounts than a message can name.
    package init?(
        _ instructions: [SolanaInstruction],
        payer: SolanaKey,
        blockhash: SolanaKey,
    ) {
        var found: [SolanaKey: (isSigner: Bool, isWritable: Bool)] = [payer: (true, true)]
        var order = [payer]
        func note(_ key: SolanaKey, isSigner: Bool, isWritable: Bool) {
            if found[key] == nil { order.append(key) }
            let before = found[key] ?? (false, false)
            found[key] = (before.isSigner || isSigner, before.isWritable || isWritable)
        }
        for instruction in instructions {
            for account in instruction.accounts {
                note(account.key, isSigner: account.isSigner, isWritable: account.isWritable)
            }
        }
        for instruction in instructions {
            note(instruction.program, isSigner: false, isWritable: false)
        }
        func group(_ isSigner: Bool, _ isWritable: Bool) -> [SolanaKey] {
            order.filter { found[$0]?.isSigner == isSigner && found[$0]?.isWritable == isWritable }
        }
        let keys =
            group(true, true) + group(true, false) + group(false, true) + group(false, false)
        guard keys.count <= 256 else { return nil }
        let places = Dictionary(uniqueKeysWithValues: zip(keys, 0...))
        self.init(
            isVersioned: false,
            signers: group(true, true).count + group(true, false).count,
            readOnlySigners: group(true, false).count,
            readOnlyOthers: group(false, false).count,
            keys: keys,
            blockhash: blockhash,
            instructions: instructions.map { instruction in
                Compiled(
                    program: places[instruction.program] ?? 0,
                    accounts: instruction.accounts.map { places[$0.key] ?? 0 },
                    data: instruction.data,
                )
            },
            lookups: [],
        )
    }

    /// The bytes that are signed.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = isVersioned ? [0x80] : []
        bytes += [UInt8(signers), UInt8(readOnlySigners), UInt8(readOnlyOthers)]
        bytes += CompactLength.encoded(UInt16(keys.count)) + keys.flatMap(\.bytes)
        bytes += blockhash.bytes
        bytes += CompactLength.encoded(UInt16(instructions.count))
        for instruction in instructions {
            bytes.append(UInt8(instruction.program))
            bytes.append(counted: instruction.accounts.map { UInt8($0) })
            bytes.append(counted: instruction.data)
        }
        guard isVersioned else { return bytes }
        bytes += CompactLength.encoded(UInt16(lookups.count))
        for lookup in lookups {
            bytes += lookup.table.bytes
            bytes.append(counted: lookup.written)
            bytes.append(counted: lookup.read)
        }
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func append(counted bytes: [UInt8]) {
        self += CompactLength.encoded(UInt16(bytes.count)) + bytes
    }
}

extension ArraySlice<UInt8> {
    /// So many bytes from the front; `nil` where there are fewer.
    mutating func take(_ count: Int) -> [UInt8]? {
        guard self.count >= count else { return nil }
        defer { removeFirst(count) }
        return Array(prefix(count))
    }

    /// Bytes behind their number.
    fileprivate mutating func takeBytes() -> [UInt8]? {
        CompactLength.take(&self).flatMap { take($0) }
    }

    /// Items behind their number.
    mutating func takeMany<Item>(_ item: (inout ArraySlice<UInt8>) -> Item?) -> [Item]? {
        guard let count = CompactLength.take(&self) else { return nil }
        var items: [Item] = []
        for _ in 0..<count {
            guard let next = item(&self) else { return nil }
            items.append(next)
        }
        return items
    }
}
