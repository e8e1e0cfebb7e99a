import GRDB
import Ledger
package import Primitives
package import Receipts

extension SQLiteTransaction: ReceiptTransaction {
    package mutating func append(_ receipt: Receipt) throws {
        willWrite()
        try execute(
            "INSERT INTO receipts (id, content, seal) VALUES (?, ?, ?)",
            Seal.sealed([receipt.id.description, try storedJSON(receipt)]),
        )
    }

    package mutating func receipt(_ id: InferenceID) throws -> Receipt? {
        try row("SELECT id, content FROM receipts WHERE id = ?", [id.description])
            .map(SQLiteTransaction.receipt)
    }

    package mutating func statementLength(of customer: CustomerID) throws -> Int {
        let receipts = try count(
            "SELECT count(*) FROM receipts WHERE customer = ?",
            [customer.description],
        )
        let credits = try count(
            """
            SELECT count(*) FROM transfers
            WHERE credit GLOB 'customer/*' AND credit IN (?, ?, ?, ?)
            """,
            StatementArguments(accountNames(of: customer)),
        )
        return receipts + credits
    }

    package mutating func statement(
        of customer: CustomerID,
        skipping: Int,
        limit: Int,
    ) throws -> [StatementLine] {
        let lines = try rows(
            """
            SELECT 0 AS is_credit, id, settled_at AS at FROM receipts WHERE customer = ?
            UNION ALL
            SELECT 1 AS is_credit, id, at FROM transfers
            WHERE credit GLOB 'customer/*' AND credit IN (?, ?, ?, ?)
            ORDER BY at DESC, id DESC LIMIT ? OFFSET ?
            """,
            [customer.description] + StatementArguments(accountNames(of: customer))
                + [max(0, limit), max(0, skipping)],
        )
        var statement: [StatementLine] = []
        for row in lines { statement.append(try statementLine(row)) }
        return statement
    }

    private mutating func statementLine(_ row: Row) throws -> StatementLine {
        var columns = RowReader(row, of: "statement")
        let isCredit = try columns.integer("is_credit") == 1
        let id = try columns.text("id")
        if isCredit, let transfer = try transfer(TransferID(id)) { return .credit(transfer) }
        if !isCredit, let receipt = try receipt(InferenceID(id)) { return .receipt(receipt) }
        throw StoreError.corrupt("the statement names \(id), which is missing")
    }

    private func accountNames(of customer: CustomerID) -> [String] {
        Asset.allCases.map { AccountID.customer(customer, $0).description }
    }

    private static func receipt(_ row: Row) throws(StoreError) -> Receipt {
        var columns = RowReader(row, of: "receipts")
        let id = InferenceID(try columns.text("id"))
        let receipt: Receipt = try columns.json("content")
        guard receipt.id == id else { throw columns.corrupt("content") }
        return receipt
    }
}

extension SQLiteTransaction: ReceiptReading {
    package mutating func receipts(after id: InferenceID?, limit: Int) throws -> [Receipt] {
        try rows(
            "SELECT id, content FROM receipts WHERE id > ? ORDER BY id LIMIT ?",
            [id?.description ?? "", max(0, limit)],
        ).map(SQLiteTransaction.receipt)
    }
}
