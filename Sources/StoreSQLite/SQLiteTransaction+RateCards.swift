import GRDB
package import Pricing
package import Primitives

extension SQLiteTransaction: RateCardTransaction {
    package mutating func currentRateCard() throws -> RateCard? {
        try row(
            """
            SELECT version, content FROM rate_cards WHERE version =
                (SELECT version FROM rate_card_publications ORDER BY sequence DESC LIMIT 1)
            """
        ).map(SQLiteTransaction.rateCard)
    }

    package mutating func rateCard(_ version: String) throws -> RateCard? {
        try row("SELECT version, content FROM rate_cards WHERE version = ?", [version])
            .map(SQLiteTransaction.rateCard)
    }

    package mutating func publish(_ card: RateCard, at now: Timestamp) throws {
        willWrite()
        try execute(
            """
            INSERT INTO rate_cards (version, content, seal) VALUES (?, ?, ?)
            ON CONFLICT (version) DO NOTHING
            """,
            Seal.sealed([card.version, try storedJSON(card)]),
        )
        try execute(
            "INSERT INTO rate_card_publications (version, at, seal) VALUES (?, ?, ?)",
            Seal.sealed([card.version, now.microseconds]),
        )
    }

    private static func rateCard(_ row: Row) throws(StoreError) -> RateCard {
        var columns = RowReader(row, of: "rate_cards")
        let version = try columns.text("version")
        let card: RateCard = try columns.json("content")
        guard card.version == version else { throw columns.corrupt("content") }
        return card
    }
}
