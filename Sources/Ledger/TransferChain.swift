import Crypto
import Primitives

/// A transfer in its place in the chain of one writer.
///
/// The chain is gap-less and in order; each link's digest covers the one before it, so a change to
/// any stored transfer shows in every digest after it.
package struct ChainedTransfer: Hashable, Sendable {
    /// 1 for the writer's first transfer, then without gaps.
    package let sequence: Int64
    package let transfer: Transfer
    /// SHA-256 over the previous digest and this transfer.
    package let digest: [UInt8]

    package init(sequence: Int64, transfer: Transfer, digest: [UInt8]) {
        self.sequence = sequence
        self.transfer = transfer
        self.digest = digest
    }
}

/// The end of a chain, to which the next transfer is appended.
package struct TransferChain: Hashable, Sendable {
    /// The sequence of the last transfer; 0 for an empty chain.
    package private(set) var sequence: Int64
    package private(set) var digest: [UInt8]

    package static let empty = TransferChain(
        sequence: 0,
        digest: [UInt8](repeating: 0, count: SHA256.byteCount),
    )

    package init(sequence: Int64, digest: [UInt8]) {
        self.sequence = sequence
        self.digest = digest
    }

    /// Links `transfer` to the end and returns the link.
    package mutating func append(_ transfer: Transfer) -> ChainedTransfer {
        sequence += 1
        digest = TransferChain.digest(of: transfer, at: sequence, after: digest)
        return ChainedTransfer(sequence: sequence, transfer: transfer, digest: digest)
    }

    /// The digest covers every column, each preceded by its length, so no two rows share an input.
    private static func digest(
        of transfer: Transfer,
        at sequence: Int64,
        after previous: [UInt8],
    ) -> [UInt8] {
        let fields = [
            String(sequence), transfer.id.description, transfer.code.rawValue,
            transfer.debit.description, transfer.credit.description, transfer.amount.description,
            transfer.cause, transfer.note, String(transfer.at.microseconds),
        ]
        return FieldDigest.of(fields, after: previous)
    }
}

/// SHA-256 over fields, each preceded by its length, so no two lists share an input.
package enum FieldDigest {
    /// How many bytes a digest has.
    package static let length = SHA256.byteCount

    /// The digest of `previous`, where there is one, and then of all `fields`.
    package static func of(_ fields: [String], after previous: [UInt8] = []) -> [UInt8] {
        var bytes = previous
        bytes.reserveCapacity(512)
        for field in fields {
            withUnsafeBytes(of: UInt32(field.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: field.utf8)
        }
        return of(bytes: bytes)
    }

    /// The digest of bytes that tell their fields apart already.
    package static func of(bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
