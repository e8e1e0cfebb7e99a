import Ledger
package import Primitives
package import Receipts

extension SQLiteTransaction: ReceiptTransaction {
    package mutating func append(_ receipt: Receipt) throws {
        willWrite()
        try executeSealed(ReceiptRow.insert, ReceiptRow.values(of: receipt))
    }

    package mutating func receipt(_ id: InferenceID) throws -> Receipt? {
        try row(ReceiptRow.selectOne, [.text(id.description)], of: "receipts") { columns in
            try ReceiptRow.receipt(&columns)
        }
    }

    package mutating func statementLength(of customer: CustomerID) throws -> Int {
        let receipts = try count(
            "SELECT count(*) FROM receipts WHERE customer = ?",
            [.text(customer.description)],
        )
        let credits = try count(
            """
            SELECT count(*) FROM transfers
            WHERE credit GLOB 'customer/*' AND credit IN (?, ?, ?, ?)
            """,
            accountNames(of: customer),
        )
        let debits = try count(
            """
            SELECT count(*) FROM transfers
            WHERE (code = 'reversal' OR code = 'withdrawal') AND debit GLOB 'customer/*'
                AND debit IN (?, ?, ?, ?)
            """,
            accountNames(of: customer),
        )
        return receipts + credits + debits
    }

    package mutating func statement(
        of customer: CustomerID,
        skipping: Int,
        limit: Int,
    ) throws -> [StatementLine] {
        let lines = try rows(
            """
            SELECT 'receipt' AS kind, id, settled_at AS at FROM receipts WHERE customer = ?
            UNION ALL
            SELECT 'credit' AS kind, id, at FROM transfers
            WHERE credit GLOB 'customer/*' AND credit IN (?, ?, ?, ?)
            UNION ALL
            SELECT 'debit' AS kind, id, at FROM transfers
            WHERE (code = 'reversal' OR code = 'withdrawal') AND debit GLOB 'customer/*'
                AND debit IN (?, ?, ?, ?)
            ORDER BY at DESC, id DESC LIMIT ? OFFSET ?
            """,
            [.text(customer.description)] + accountNames(of: customer)
                + accountNames(of: customer)
                + [.integer(Int64(max(0, limit))), .integer(Int64(max(0, skipping)))],
            of: "statement",
        ) { columns in
            (kind: try columns.text("kind"), id: try columns.text("id"))
        }
        var statement: [StatementLine] = []
        for (kind, id) in lines { statement.append(try line(kind, id)) }
        return statement
    }

    package mutating func receiptCount() throws -> Int {
        try count("SELECT count(*) FROM receipts")
    }

    package mutating func usage(
        of customer: CustomerID,
        since start: Timestamp,
    ) throws -> [DailyUsage] {
        var sums = DailyUsage.Sums()
        _ = try rows(
            """
            SELECT settled_at, model, usage, charge FROM receipts
            WHERE customer = ? AND settled_at >= ?
            """,
            [.text(customer.description), .integer(start.microseconds)],
            of: "receipts",
        ) { columns in
            let at = Timestamp(microseconds: try columns.integer("settled_at"))
            let model = try columns.text("model")
            let usage = try columns.parsed("usage", ReceiptRow.usage)
            sums.add(at: at, model, usage, Amount(try columns.integer("charge")))
        }
        return sums.all
    }

    private mutating func line(_ kind: String, _ id: String) throws -> StatementLine {
        if kind == "receipt" {
            if let receipt = try receipt(InferenceID(id)) { return .receipt(receipt) }
        } else if let transfer = try transfer(TransferID(id)) {
            return kind == "credit" ? .credit(transfer) : .debit(transfer)
        }
        throw StoreError.corrupt("the statement names \(id), which is missing")
    }

    private func accountNames(of customer: CustomerID) -> [StoredValue] {
        Asset.allCases.map { .text(AccountID.customer(customer, $0).description) }
    }
}

extension SQLiteTransaction: ReceiptReading {
    package mutating func receipts(after id: InferenceID?, limit: Int) throws -> [Receipt] {
        try rows(
            "\(ReceiptRow.select) WHERE id > ? ORDER BY id LIMIT ?",
            [.text(id?.description ?? ""), .integer(Int64(max(0, limit)))],
            of: "receipts",
        ) { columns in try ReceiptRow.receipt(&columns) }
    }

    /// Reads reversals alone, which are few: they have an index of their own.
    package mutating func reversedOfCustomers() throws -> [Asset: Amount] {
        let reversals = try rows(
            """
            SELECT debit, amount FROM transfers
            WHERE code = 'reversal' AND debit GLOB 'customer/*'
            """,
            of: "transfers",
        ) { columns in
            let account = try columns.parsed("debit", AccountID.init)
            return (account.asset, Amount(try columns.integer("amount")))
        }
        return reversals.reduce(into: [:]) { sums, reversal in
            sums[reversal.0] = sums[reversal.0, default: .zero].adding(reversal.1) ?? Amount(.max)
        }
    }
}
