import Gateway
import Identity
import NIOCore
import Primitives

/// An operator's order is carried out as it is written, member by member, or refused.
///
/// The first byte of an input says which order it is.
enum OperatorMessageProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard let first = bytes.first else { return .refused }
        let body = Array(bytes.dropFirst())
        return switch (first, first % 3) {
        case (UInt8(ascii: "~"), _): try checkCustomer(body)
        case (_, 0): try checkGrant(body)
        case (_, 1): try checkRefund(body)
        case (_, _): try checkKey(body)
        }
    }

    private static func checkCustomer(_ body: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard let change = try Message.read(CustomerChange.self, of: ByteBuffer(bytes: body)) else {
            return .refused
        }
        let plain = PlainJSON(body) ?? .null
        try Message.demandKnown(plain, ["limits"])
        var budgets = SpendingLimits()
        do throws(GatewayError) {
            for (window, limit) in try change.checkedLimits() { budgets[window] = limit }
        } catch {
            return .refused
        }
        if case .object(let members)? = plain.member("limits") {
            try KeyMessageProperty.checkLimits(members, of: budgets)
        }
        return .accepted
    }

    private static func checkGrant(_ body: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard let order = try Message.read(GrantOrder.self, of: ByteBuffer(bytes: body)) else {
            return .refused
        }
        let plain = PlainJSON(body) ?? .null
        let texts = [
            ("id", order.id), ("customer", order.customer), ("api_token", order.apiToken),
            ("amount", order.amount), ("asset", order.asset), ("reason", order.reason),
        ]
        try check(plain, texts, isDry: order.dryRun)
        let granted: (asset: Asset, amount: Amount)
        do throws(GatewayError) { granted = try order.checkedAmount() } catch { return .refused }
        let decimals = granted.asset.decimals
        let units = DecimalProperty.plainUnits(order.amount, decimals: decimals)
        try demand(granted.amount.units == units, "\(order.amount) grants \(granted.amount)")
        try demand(granted.amount > .zero, "nothing is granted")
        try demand(granted.asset.rawValue == order.asset ?? "usd", "another asset is granted")
        return .accepted
    }

    private static func checkRefund(_ body: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard let order = try Message.read(RefundOrder.self, of: ByteBuffer(bytes: body)) else {
            return .refused
        }
        let texts = [
            ("inference", order.inference), ("amount", order.amount), ("reason", order.reason),
        ]
        try check(PlainJSON(body) ?? .null, texts, isDry: order.dryRun)
        let amount: Amount?
        do throws(GatewayError) { amount = try order.checkedAmount() } catch { return .refused }
        let units = order.amount.flatMap { DecimalProperty.plainUnits($0, decimals: 6) }
        try demand(amount?.units == units, "\(order.amount ?? "") gives back another amount")
        return .accepted
    }

    private static func checkKey(_ body: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard let order = try Message.read(KeyOrder.self, of: ByteBuffer(bytes: body)) else {
            return .refused
        }
        let plain = PlainJSON(body) ?? .null
        try Message.demandKnown(plain, ["customer", "settings"])
        try demand(plain.member("customer")?.string == order.customer, "another customer")
        guard let settings = plain.member("settings"), settings != .null else { return .accepted }
        return try KeyMessageProperty.check(Array(settings.description.utf8))
    }

    /// Demands that each member says what was read, and that there are no others.
    private static func check(
        _ plain: PlainJSON,
        _ texts: [(key: String, read: String?)],
        isDry: Bool?,
    ) throws(BrokenProperty) {
        try demand(plain.isObject, "what is no object is accepted")
        try Message.demandKnown(plain, Set(texts.map(\.key)).union(["dry_run"]))
        for text in texts {
            try demand(
                plain.member(text.key)?.string == text.read,
                "\(text.key) is read otherwise",
            )
        }
        try demand(plain.member("dry_run")?.bool == isDry, "dry_run is read otherwise")
    }
}
