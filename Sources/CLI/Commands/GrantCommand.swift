import ArgumentParser
import Gateway
import Ledger
import Primitives

/// Credits a customer.
struct GrantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Credit a customer.",
        discussion: """
            The same id credits once, however often it is sent. While a gateway runs on the \
            database, the grant goes through it and needs FAREBOX_ADMIN_KEY.
            """,
    )

    @OptionGroup var database: DatabaseOptions
    @Option(help: "The customer's id.") var customer: String?
    @Option(help: "A key of the customer, in place of its id.") var token: String?
    @Option(help: "How much, in decimals: 5.00.") var amount: String
    @Option(help: "Of what: usd, usdc, pathusd or sol.") var asset = "usd"
    @Option(help: "Why, for the books.") var reason: String
    @Option(help: "An id of your choice, which credits once.") var id: String
    @Flag(help: "Write nothing; print what would be written.") var dryRun = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (customer == nil) != (token == nil) else {
            throw ValidationError("Give either --customer or --token.")
        }
    }

    func run() async throws {
        let order = GrantOrder(
            id: id,
            customer: customer,
            apiToken: token,
            amount: amount,
            asset: asset,
            reason: reason,
            dryRun: dryRun,
        )
        let office = try await OperatorOffice.open(try database.location)
        let answer = try await office.grant(order)
        try await office.close()
        if json { return Farebox.say(try JSONText.of(answer)) }
        let decimals = Asset(rawValue: answer.asset)?.decimals ?? 0
        Farebox.say(
            "\(dryRun ? "would credit" : "credited") "
                + "\(DecimalText.text(answer.amount, decimals: decimals)) \(answer.asset) to "
                + "\(answer.customer); \(DecimalText.text(answer.balance, decimals: 6)) USD available"
        )
    }
}
