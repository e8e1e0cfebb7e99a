import HTTPTypes
import Primitives
import Providers
import Receipts

extension HTTPFields {
    /// What an answer that is not streamed has cost (PM-11).
    mutating func tellCost(_ receipt: Receipt) {
        self[.xCost] = DecimalText.text(receipt.charge.units, decimals: 6) + "00"
        self[.xCostPathUSD] = String(receipt.charge.units)
        self[.xBalance] = DecimalText.text(receipt.balanceAfter.units, decimals: 6)
    }
}

extension HTTPField.Name {
    /// US dollars, with eight places.
    static let xCost = known("x-cost")
    /// Micro-USD.
    static let xCostPathUSD = known("x-cost-pathusd")
    static let xBalance = known("x-balance")
    static let xModel = known("x-model")
}
