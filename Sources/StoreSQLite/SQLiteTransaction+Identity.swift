import GRDB
package import Identity
package import Primitives

extension SQLiteTransaction: IdentityTransaction {
    private static let selectKey = """
        SELECT id, customer, digest, settings, created_at, updated_at, revoked_at
        FROM keys
        """

    package mutating func customer(_ id: CustomerID) throws -> Customer? {
        try row(
            "SELECT id, deposit_code, label, created_at, budgets FROM customers WHERE id = ?",
            [id.description],
        ).map { row in
            var columns = RowReader(row, of: "customers")
            return Customer(
                id: CustomerID(try columns.text("id")),
                depositCode: try columns.text("deposit_code"),
                label: try columns.text("label"),
                createdAt: try columns.timestamp("created_at"),
                budgets: try columns.json("budgets"),
            )
        }
    }

    package mutating func insert(_ customer: Customer) throws {
        willWrite()
        try execute(
            """
            INSERT INTO customers (id, deposit_code, label, created_at, budgets, seal)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            try SQLiteTransaction.arguments(customer),
        )
    }

    package mutating func update(_ customer: Customer) throws {
        willWrite()
        try execute(
            """
            UPDATE customers
            SET deposit_code = ?2, label = ?3, created_at = ?4, budgets = ?5, seal = ?6
            WHERE id = ?1
            """,
            try SQLiteTransaction.arguments(customer),
        )
    }

    private static func arguments(_ customer: Customer) throws -> StatementArguments {
        Seal.sealed([
            customer.id.description, customer.depositCode, customer.label,
            customer.createdAt.microseconds, try storedJSON(customer.budgets),
        ])
    }

    package mutating func key(_ id: KeyID) throws -> Key? {
        try row("\(SQLiteTransaction.selectKey) WHERE id = ?", [id.description])
            .map(SQLiteTransaction.key)
    }

    package mutating func save(_ key: Key) throws {
        willWrite()
        try execute(
            """
            INSERT INTO keys (id, customer, digest, settings, created_at, updated_at, revoked_at,
                seal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                customer = excluded.customer, digest = excluded.digest,
                settings = excluded.settings, created_at = excluded.created_at,
                updated_at = excluded.updated_at, revoked_at = excluded.revoked_at,
                seal = excluded.seal
            """,
            Seal.sealed([
                key.id.description, key.customer.description, key.digest.bytes.asBlob,
                try storedJSON(key.settings), key.createdAt.microseconds,
                key.updatedAt?.microseconds, key.revokedAt?.microseconds,
            ]),
        )
    }

    package mutating func keys(of customer: CustomerID?) throws -> [Key] {
        let select = SQLiteTransaction.selectKey
        let rows =
            if let customer {
                try rows("\(select) WHERE customer = ? ORDER BY id", [customer.description])
            } else {
                try rows("\(select) ORDER BY id")
            }
        return try rows.map(SQLiteTransaction.key)
    }

    package mutating func identityCounts() throws -> (customers: Int, keys: Int) {
        let customers = try count("SELECT count(*) FROM customers")
        return (customers, try count("SELECT count(*) FROM keys"))
    }

    private static func key(_ row: Row) throws(StoreError) -> Key {
        var columns = RowReader(row, of: "keys")
        return Key(
            id: KeyID(try columns.text("id")),
            customer: CustomerID(try columns.text("customer")),
            digest: SecretDigest(stored: try columns.blob("digest")),
            settings: try columns.json("settings"),
            createdAt: try columns.timestamp("created_at"),
            updatedAt: try columns.optionalTimestamp("updated_at"),
            revokedAt: try columns.optionalTimestamp("revoked_at"),
        )
    }
}
