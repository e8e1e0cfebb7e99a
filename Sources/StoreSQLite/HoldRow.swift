import Ledger
import Primitives

/// How a hold is written in a row.
enum HoldRow {
    static let select = """
        SELECT id, customer, key, amount, parts, sol_rate, sol_rate_at, rate_card, subject,
            placed_at, lease, state, charge, resolved_at, refunded
        FROM holds
        """

    static let selectOne: StaticString = """
        SELECT id, customer, key, amount, parts, sol_rate, sol_rate_at, rate_card, subject,
            placed_at, lease, state, charge, resolved_at, refunded
        FROM holds WHERE id = ?
        """

    /// What a hold is for never changes once it is placed; what it reserves, and its life, go on.
    static let upsert: StaticString = """
        INSERT INTO holds (id, customer, key, amount, parts, sol_rate, sol_rate_at, rate_card,
            subject, placed_at, lease, state, charge, resolved_at, refunded, seal)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            amount = excluded.amount, parts = excluded.parts, lease = excluded.lease,
            state = excluded.state, charge = excluded.charge, resolved_at = excluded.resolved_at,
            refunded = excluded.refunded, seal = excluded.seal
        """

    /// The same values for a row that is there.
    static let update: StaticString = """
        UPDATE holds SET amount = ?4, parts = ?5, lease = ?11, state = ?12, charge = ?13,
            resolved_at = ?14, refunded = ?15, seal = ?16
        WHERE id = ?1
        """

    static func values(of hold: Hold) -> [StoredValue] {
        let (state, charge) = columns(of: hold.state)
        return [
            .text(hold.id.description), .text(hold.customer.description),
            .text(hold.key.description), .integer(hold.amount.units), .text(text(of: hold.parts)),
            .optional(hold.solRate?.microdollarsPerSOL),
            .optional(hold.solRate?.quotedAt.microseconds), .text(hold.rateCard),
            .text(hold.subject), .integer(hold.placedAt.microseconds),
            .integer(hold.lease.microseconds), .text(state), .optional(charge),
            .optional(hold.resolvedAt?.microseconds), .optional(hold.refunded?.units),
        ]
    }

    static func hold(_ columns: inout RowReader) throws(StoreError) -> Hold {
        Hold(
            id: InferenceID(try columns.text("id")),
            customer: CustomerID(try columns.text("customer")),
            key: KeyID(try columns.text("key")),
            amount: try columns.amount("amount"),
            parts: try columns.parsed("parts", parts),
            solRate: try columns.solRate(),
            rateCard: try columns.text("rate_card"),
            subject: try columns.text("subject"),
            placedAt: try columns.timestamp("placed_at"),
            lease: try columns.timestamp("lease"),
            state: try columns.holdState(),
            resolvedAt: try columns.optionalTimestamp("resolved_at"),
            refunded: try columns.optionalAmount("refunded"),
        )
    }

    private static func columns(of state: Hold.State) -> (state: String, charge: Int64?) {
        switch state {
        case .open: ("open", nil)
        case .captured(let charge): ("captured", charge.units)
        case .released: ("released", nil)
        case .expired: ("expired", nil)
        }
    }

    /// The parts in their order, as `usdc:70,usd:5`.
    private static func text(of parts: [Hold.Part]) -> String {
        parts.map { "\($0.asset.rawValue):\($0.amount)" }.joined(separator: ",")
    }

    static func parts(_ text: String) -> [Hold.Part]? {
        let parts = text.split(separator: ",").map(part)
        return parts.contains(nil) ? nil : parts.compactMap(\.self)
    }

    private static func part(_ text: Substring) -> Hold.Part? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count == 2, let asset = Asset(rawValue: String(fields[0])),
            let units = DecimalText.units(of: fields[1], decimals: 0)
        else { return nil }
        return Hold.Part(asset: asset, amount: Amount(units))
    }
}

extension RowReader {
    fileprivate mutating func solRate() throws(StoreError) -> SOLRate? {
        let rate = try optionalInteger("sol_rate")
        let quotedAt = try optionalTimestamp("sol_rate_at")
        guard let rate, let quotedAt else { return nil }
        guard rate > 0 else { throw corrupt("sol_rate") }
        return SOLRate(microdollarsPerSOL: rate, quotedAt: quotedAt)
    }

    fileprivate mutating func holdState() throws(StoreError) -> Hold.State {
        let state = try text("state")
        let charge = try optionalInteger("charge")
        switch (state, charge) {
        case ("open", nil): return .open
        case ("released", nil): return .released
        case ("expired", nil): return .expired
        case ("captured", let charge?) where charge >= 0: return .captured(Amount(charge))
        case (_, _): throw corrupt("state")
        }
    }
}
