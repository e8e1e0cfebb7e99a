package import Pricing
package import Primitives

extension SQLiteTransaction: RateCardTransaction {
    package mutating func currentRateCard() throws -> RateCard? {
        try row(
            """
            SELECT version, content FROM rate_cards WHERE version =
                (SELECT version FROM rate_card_publications ORDER BY sequence DESC LIMIT 1)
            """,
            [],
            of: "rate_cards",
        ) { columns in try SQLiteTransaction.rateCard(&columns) }
    }

    package mutating func rateCard(_ version: String) throws -> RateCard? {
        try row(
            "SELECT version, content FROM rate_cards WHERE version = ?",
            [.text(version)],
            of: "rate_cards",
        ) { columns in try SQLiteTransaction.rateCard(&columns) }
    }

    package mutating func publish(_ card: RateCard, at now: Timestamp) throws {
        willWrite()
        try executeSealed(
            """
            INSERT INTO rate_cards (version, content, seal) VALUES (?, ?, ?)
            ON CONFLICT (version) DO NOTHING
            """,
            [.text(card.version), .text(try storedJSON(card))],
        )
        try executeSealed(
            "INSERT INTO rate_card_publications (version, at, seal) VALUES (?, ?, ?)",
            [.text(card.version), .integer(now.microseconds)],
        )
    }

    private static func rateCard(_ columns: inout RowReader) throws(StoreError) -> RateCard {
        let version = try columns.text("version")
        let card: RateCard = try columns.json("content")
        guard card.version == version else { throw columns.corrupt("content") }
        return card
    }
}
