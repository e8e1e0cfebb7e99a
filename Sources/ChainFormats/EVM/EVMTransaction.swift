package import Primitives

/// A transaction with fees by priority, before and after its signature.
///
/// Source: EIP-1559; `0x02 ‖ rlp([chain, nonce, priority fee, fee, gas, to, value, data, access list,
/// parity, r, s])`, and its signer signs the Keccak-256 of the same without the last three.
package struct EVMTransaction: Hashable, Sendable {
    package let chain: UInt64
    package let nonce: UInt64
    /// In the chain's smallest unit, for each unit of gas, as the next two are.
    package let priorityFee: UInt64
    package let highestFee: UInt64
    package let gas: UInt64
    package let to: EVMAddress
    package let data: [UInt8]

    package init(
        chain: UInt64,
        nonce: UInt64,
        priorityFee: UInt64,
        highestFee: UInt64,
        gas: UInt64,
        to: EVMAddress,
        data: [UInt8],
    ) {
        self.chain = chain
        self.nonce = nonce
        self.priorityFee = priorityFee
        self.highestFee = highestFee
        self.gas = gas
        self.to = to
        self.data = data
    }

    /// What is signed.
    package var digest: [UInt8] { Keccak256.digest(of: encoded(fields)) }

    /// The bytes that are broadcast; their Keccak-256 is the transaction's hash.
    package func signed(by signature: EVMSignature) -> [UInt8] {
        encoded(
            fields + [
                .number(UInt64(signature.parity)), .number(signature.r), .number(signature.s),
            ]
        )
    }

    private func encoded(_ fields: [RLP]) -> [UInt8] { [0x02] + RLP.list(fields).encoded }

    private var fields: [RLP] {
        [
            .number(chain), .number(nonce), .number(priorityFee), .number(highestFee),
            .number(gas), .bytes(to.bytes), .number(0), .bytes(data), .list([]),
        ]
    }
}

/// A transaction as it was broadcast.
package struct SignedEVMTransaction: Hashable, Sendable {
    package let transaction: EVMTransaction
    package let signer: EVMAddress

    /// Reads what ``EVMTransaction/signed(by:)`` writes.
    ///
    /// - Returns: `nil` for anything else, a transaction that moves the chain's coin or lists what it reads
    ///   among it.
    package init?(_ raw: [UInt8]) {
        guard raw.first == 0x02, case .list(let fields)? = RLP(Array(raw.dropFirst())),
            fields.count == 12, fields[6] == .number(0), fields[8] == .list([]),
            let chain = fields[0].number, let nonce = fields[1].number,
            let priorityFee = fields[2].number, let highestFee = fields[3].number,
            let gas = fields[4].number, let to = fields[5].bytes.flatMap({ EVMAddress(bytes: $0) }),
            let data = fields[7].bytes, let parity = fields[9].number, parity < 2,
            let r = fields[10].bytes, let s = fields[11].bytes, max(r.count, s.count) <= 32
        else { return nil }
        transaction = EVMTransaction(
            chain: chain,
            nonce: nonce,
            priorityFee: priorityFee,
            highestFee: highestFee,
            gas: gas,
            to: to,
            data: data,
        )
        let signature = EVMSignature(
            r: [UInt8](repeating: 0, count: 32 - r.count) + r,
            s: [UInt8](repeating: 0, count: 32 - s.count) + s,
            parity: UInt8(parity),
        )
        guard let signer = EVMSigner.signer(of: transaction.digest, signature) else { return nil }
        self.signer = signer
    }
}

/// A signature of secp256k1 from which its signer can be told.
package struct EVMSignature: Hashable, Sendable {
    /// 32 bytes.
    package let r: [UInt8]
    /// 32 bytes.
    package let s: [UInt8]
    /// Which of two points `r` is of: 0 or 1.
    package let parity: UInt8

    /// - Precondition: 32 bytes each, and a parity of 0 or 1.
    package init(r: [UInt8], s: [UInt8], parity: UInt8) {
        precondition(r.count == 32 && s.count == 32 && parity < 2, "no signature")
        self.r = r
        self.s = s
        self.parity = parity
    }

    /// Reads `r`, `s` and one byte that says which signer, as wallets write it: 27 or 28, or 0 or 1.
    ///
    /// - Returns: `nil` for anything else.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 65, [0, 1, 27, 28].contains(bytes[64]) else { return nil }
        self.init(r: Array(bytes[..<32]), s: Array(bytes[32..<64]), parity: bytes[64] % 27)
    }
}

extension EVMTransaction {
    /// The data of a call of `transfer(address,uint256)`.
    package static func transfer(_ amount: Amount, to recipient: EVMAddress) -> [UInt8] {
        let selector = EVMWord(signature: "transfer(address,uint256)").bytes.prefix(4)
        return selector + EVMWord(recipient).bytes + EVMWord(amount).bytes
    }
}
