package import Identity
package import Primitives

extension SQLiteTransaction: IdentityTransaction {
    private static let knownSettings = DecodedTexts<KeySettings>()
    private static let knownBudgets = DecodedTexts<SpendingLimits>()

    private static let selectKeys = """
        SELECT id, customer, digest, settings, created_at, updated_at, revoked_at FROM keys
        """

    package mutating func customer(_ id: CustomerID) throws -> Customer? {
        if case .row(let found) = loaded.customers[id] { return found }
        let customer = try row(
            "SELECT id, deposit_code, label, created_at, budgets FROM customers WHERE id = ?",
            [.text(id.description)],
            of: "customers",
        ) { columns in
            Customer(
                id: CustomerID(try columns.text("id")),
                depositCode: try columns.text("deposit_code"),
                label: try columns.text("label"),
                createdAt: try columns.timestamp("created_at"),
                budgets: try columns.parsed("budgets", SQLiteTransaction.knownBudgets.value),
            )
        }
        if let customer { loaded.customers.remember(customer, for: id) }
        return customer
    }

    package mutating func insert(_ customer: Customer) throws {
        willWrite()
        try executeSealed(
            """
            INSERT INTO customers (id, deposit_code, label, created_at, budgets, seal)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            try SQLiteTransaction.values(of: customer),
        )
        loaded.customers.remember(customer, for: customer.id)
    }

    package mutating func update(_ customer: Customer) throws {
        willWrite()
        try executeSealed(
            """
            UPDATE customers
            SET deposit_code = ?2, label = ?3, created_at = ?4, budgets = ?5, seal = ?6
            WHERE id = ?1
            """,
            try SQLiteTransaction.values(of: customer),
        )
        loaded.customers.remember(customer, for: customer.id)
    }

    private static func values(of customer: Customer) throws -> [StoredValue] {
        [
            .text(customer.id.description), .text(customer.depositCode), .text(customer.label),
            .integer(customer.createdAt.microseconds), .text(try storedJSON(customer.budgets)),
        ]
    }

    package mutating func key(_ id: KeyID) throws -> Key? {
        if case .row(let found) = loaded.keys[id] { return found }
        let key = try row(
            """
            SELECT id, customer, digest, settings, created_at, updated_at, revoked_at FROM keys
            WHERE id = ?
            """,
            [.text(id.description)],
            of: "keys",
        ) { columns in try SQLiteTransaction.key(&columns) }
        if let key { loaded.keys.remember(key, for: id) }
        return key
    }

    package mutating func save(_ key: Key) throws {
        willWrite()
        try executeSealed(
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
            [
                .text(key.id.description), .text(key.customer.description),
                .blob(key.digest.bytes), .text(try storedJSON(key.settings)),
                .integer(key.createdAt.microseconds), .optional(key.updatedAt?.microseconds),
                .optional(key.revokedAt?.microseconds),
            ],
        )
        loaded.keys.remember(key, for: key.id)
    }

    package mutating func keys(of customer: CustomerID?) throws -> [Key] {
        let select = SQLiteTransaction.selectKeys
        let whose = customer == nil ? "" : "WHERE customer = ?"
        return try rows(
            "\(select) \(whose) ORDER BY id",
            customer.map { [.text($0.description)] } ?? [],
            of: "keys",
        ) { columns in try SQLiteTransaction.key(&columns) }
    }

    package mutating func identityCounts() throws -> (customers: Int, keys: Int) {
        let customers = try count("SELECT count(*) FROM customers")
        return (customers, try count("SELECT count(*) FROM keys"))
    }

    private static func key(_ columns: inout RowReader) throws(StoreError) -> Key {
        Key(
            id: KeyID(try columns.text("id")),
            customer: CustomerID(try columns.text("customer")),
            digest: SecretDigest(stored: try columns.blob("digest")),
            settings: try columns.parsed("settings", knownSettings.value),
            createdAt: try columns.timestamp("created_at"),
            updatedAt: try columns.optionalTimestamp("updated_at"),
            revokedAt: try columns.optionalTimestamp("revoked_at"),
        )
    }
}
