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
