import ChainFormats
package import Primitives

/// How a customer pays with one coin on one chain: where to, and how it is known whose money it is.
///
/// A wallet that is shown ``url`` makes the transfer by itself. Sources: ERC-681; Solana Pay's
/// specification, by which a transfer carries its references as accounts.
package struct DepositOffer: Hashable, Sendable, Encodable {
    /// By what a transfer names its customer.
    package enum Attribution: String, Hashable, Sendable, Encodable {
        /// The transfer's memo is the deposit code.
        case memo
        /// The reference is among the transfer's accounts, or its memo is the deposit code.
        case reference
        /// The sender's wallet is proven to be the customer's.
        case wallet
    }

    package let chain: String
    /// The chain's number; EVM chains alone have one.
    package let chainID: UInt64?
    /// Whether the money is worth nothing.
    package let testnet: Bool
    package let asset: Asset
    /// The token's contract or mint; `nil` for the chain's own coin.
    package let token: String?
    package let decimals: Int
    package let treasury: String
    /// A node that everybody may ask; EVM chains alone have one.
    package let rpc: String?
    /// The deposit program, which takes the code in its instruction.
    package let program: String?
    package let depositCode: String
    package let attribution: Attribution
    /// The deposit code as the account that a transfer on Solana names.
    package let reference: String?
    /// What is missing, in whole coins; `nil` where the amount is the payer's to choose.
    package let amount: String?
    package let url: String

    /// The amount is in the coin's smallest unit.
    init(on rail: DepositRail, _ coin: DepositRail.Coin, code: String, amount: Amount?) {
        chain = rail.chain
        testnet = rail.isTestnet
        asset = coin.asset
        token = coin.token
        decimals = coin.asset.decimals
        treasury = rail.treasury
        rpc = rail.publicNode
        depositCode = code
        self.amount = amount.map { DecimalText.text($0.units, decimals: coin.asset.decimals) }
        switch rail.network {
        case .evm(let id, let hasMemos):
            chainID = id
            (program, reference) = (nil, nil)
            attribution = hasMemos ? .memo : .wallet
            url = DepositOffer.evmURL(rail, coin, id, memo: hasMemos ? code : nil, amount)
        case .solana(let program):
            chainID = nil
            self.program = program
            let key = DepositReference.key(ofCode: code).map(String.init(describing:))
            reference = key
            attribution = .reference
            url = DepositOffer.solanaURL(rail, coin, code, reference: key, amount: self.amount)
        }
    }

    private static func evmURL(
        _ rail: DepositRail,
        _ coin: DepositRail.Coin,
        _ chainID: UInt64,
        memo: String?,
        _ amount: Amount?,
    ) -> String {
        var fields = ["address=\(rail.treasury)"]
        if let amount { fields.append("uint256=\(amount)") }
        if let memo { fields.append("bytes32=\(EVMHex.text(memo.utf8))") }
        let function = memo == nil ? "transfer" : "transferWithMemo"
        return
            "ethereum:\(coin.token ?? "")@\(chainID)/\(function)?\(fields.joined(separator: "&"))"
    }

    private static func solanaURL(
        _ rail: DepositRail,
        _ coin: DepositRail.Coin,
        _ code: String,
        reference: String?,
        amount: String?,
    ) -> String {
        let fields = [
            amount.map { "amount=\($0)" }, coin.token.map { "spl-token=\($0)" },
            reference.map { "reference=\($0)" }, "memo=\(code)",
        ]
        return "solana:\(rail.treasury)?\(fields.compactMap(\.self).joined(separator: "&"))"
    }
}
