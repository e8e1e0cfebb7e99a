import GRDB
import Ledger
import Primitives

/// How a transfer in its chain is written in a row.
enum TransferRow {
    static let select = """
        SELECT id, sequence, code, debit, credit, amount, cause, note, at, digest FROM transfers
        """

    static let insert = """
        INSERT INTO transfers (writer, sequence, id, code, debit, credit, amount, cause, note, at,
            digest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static func arguments(_ link: ChainedTransfer, of writer: String) -> StatementArguments {
        let transfer = link.transfer
        return [
            writer, link.sequence, transfer.id.description, transfer.code.rawValue,
            transfer.debit.description, transfer.credit.description, transfer.amount.units,
            transfer.cause, transfer.note, transfer.at.microseconds, link.digest.asBlob,
        ]
    }

    static func link(_ row: Row) throws(StoreError) -> ChainedTransfer {
        var columns = RowReader(row, of: "transfers")
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
