import ArgumentParser
import Gateway
import Primitives

/// Gives back some or all of what an inference was charged.
struct RefundCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refund",
        abstract: "Give back some or all of an inference's charge, once.",
        discussion: """
            The charge stands in the books; the refund is new transfers, out of the operator's \
            margin. While a gateway runs on the database, the refund goes through it and needs \
            FAREBOX_ADMIN_KEY.
            """,
    )

    @OptionGroup var database: DatabaseOptions
    @Argument(help: "The inference's id, which is its receipt's.") var inference: String
    @Option(help: "How much, in USD: 0.05. The whole charge where it is not given.")
    var amount: String?
    @Option(help: "Why, for the books.") var reason: String
    @Flag(help: "Write nothing; print what would be written.") var dryRun = false
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let order = RefundOrder(
            inference: inference,
            amount: amount,
            reason: reason,
            dryRun: dryRun,
        )
        let office = try await OperatorOffice.open(try database.location)
        let answer = try await office.refund(order)
        try await office.close()
        if json { return Farebox.say(try JSONText.of(answer)) }
        Farebox.say(
            "\(dryRun ? "would refund" : "refunded") "
                + "\(DecimalText.text(answer.refunded, decimals: 6)) USD of \(answer.inference) to "
                + "\(answer.customer); \(DecimalText.text(answer.balance, decimals: 6)) USD available"
        )
    }
}
