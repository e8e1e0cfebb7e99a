import Ledger
import Primitives

/// How a transfer in its chain is written in a row.
enum TransferRow {
    static let select = """
        SELECT id, sequence, code, debit, credit, amount, cause, note, at, digest FROM transfers
        """

    static let selectOne: StaticString = """
        SELECT id, sequence, code, debit, credit, amount, cause, note, at, digest FROM transfers
        WHERE id = ?
        """

    static let insert: StaticString = """
        INSERT INTO transfers (writer, sequence, id, code, debit, credit, amount, cause, note, at,
            digest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static func values(of link: ChainedTransfer, in writer: String) -> [StoredValue] {
        let transfer = link.transfer
        return [
            .text(writer), .integer(link.sequence), .text(transfer.id.description),
            .text(transfer.code.rawValue), .text(transfer.debit.description),
            .text(transfer.credit.description), .integer(transfer.amount.units),
            .text(transfer.cause), .text(transfer.note), .integer(transfer.at.microseconds),
            .blob(link.digest),
        ]
    }

    static func link(_ columns: inout RowReader) throws(StoreError) -> ChainedTransfer {
        let id = TransferID(try columns.text("id"))
        let sequence = try columns.integer("sequence")
        let code = try columns.parsed("code", TransferCode.init(rawValue:))
        let debit = try columns.parsed("debit", AccountID.init)
        let credit = try columns.parsed("credit", AccountID.init)
        let amount = try columns.amount("amount")
        // The initializer stops the process for these, and a row is not a programmer's doing.
        guard debit != credit, debit.asset == credit.asset else { throw columns.corrupt("credit") }
        guard amount > .zero else { throw columns.corrupt("amount") }
        let transfer = Transfer(
            id: id,
            code: code,
            debit: debit,
            credit: credit,
            amount: amount,
            cause: try columns.text("cause"),
            note: try columns.text("note"),
            at: try columns.timestamp("at"),
        )
        return ChainedTransfer(
            sequence: sequence,
            transfer: transfer,
            digest: try columns.blob("digest"),
        )
    }
}
