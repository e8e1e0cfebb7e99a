import Ledger
import Primitives

/// The operator's figures, per asset and never summed over assets (L5-C10, X-27).
package struct OperatorFigures: Encodable, Sendable {
    /// One asset's, in its smallest unit.
    package struct OfAsset: Encodable, Sendable {
        let deposits: Int64
        let grants: Int64
        /// Everything customers were charged.
        let charges: Int64
        /// What we owe providers for it.
        let providerCost: Int64
        /// What was earned, less what overran.
        let margin: Int64
        /// Usage beyond its holds, which we bear.
        let overrun: Int64
        /// What we owe customers.
        let liabilities: Int64
        /// What open holds reserve of it.
        let held: Int64
    }

    let customers: Int
    let keys: Int
    let openHolds: Int
    let assets: [String: OfAsset]

    init(_ totals: [AccountTotal], openHolds: Int, customers: Int, keys: Int) {
        self.openHolds = openHolds
        self.customers = customers
        self.keys = keys
        var assets: [String: OfAsset] = [:]
        for asset in Asset.allCases { assets[asset.rawValue] = OfAsset(totals, asset) }
        self.assets = assets
    }
}

extension OperatorFigures.OfAsset {
    fileprivate init(_ totals: [AccountTotal], _ asset: Asset) {
        func balance(_ kind: String) -> Balance {
            totals.first { $0.kind == kind && $0.asset == asset }?.balance ?? .zero
        }
        let customer = balance("customer")
        overrun = -balance("overrun").posted
        deposits = balance("custody").debits.units
        grants = balance("promotion").debits.units
        charges = customer.debits.units
        providerCost = balance("provider").posted
        margin = balance("revenue").posted - overrun
        liabilities = customer.posted
        held = customer.held.units
    }
}
