import ArgumentParser
import Gateway

/// Why an operator decides against something, and who it is.
struct RejectionOptions: ParsableArguments {
    @Option(help: "Why, for the record.") var reason: String
    @Option(help: "Who decides, for the record.") var `operator`: String?

    var order: RejectionOrder { RejectionOrder(reason: reason, operator: `operator`) }
}
