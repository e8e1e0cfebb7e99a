import Deposits
import GatewayTestKit
import Ledger
import Primitives
import StoreSQLite
import Withdrawals

extension CutRun {
    private static let moment = Timestamp.second(100)

    /// Money that was paid in, on its way out.
    private static func ask(_ books: inout SQLiteTransaction) throws {
        try books.bind(.sample(5), to: "acme", at: moment)
        try books.observe(.sample(3), at: moment)
        _ = try books.withdraw(.sample(), at: moment)
    }

    private static func sign(_ books: inout SQLiteTransaction) throws {
        try ask(&books)
        try books.approve(.sample(), by: .gateway, at: moment)
        try books.broadcast(.sample(), .sample(), at: moment)
    }

    private static func settle(
        _ books: inout SQLiteTransaction,
        _ outcome: PaymentOutcome,
    ) throws {
        try books.settle(.sample(), Withdrawal.Payment.sample().transaction, outcome, at: moment)
    }

    /// Each verb of withdrawals; all are answered as durable.
    static let withdrawalVerbs = [
        Verb(
            name: "withdraw",
            prepare: { books in
                try books.bind(.sample(5), to: "acme", at: moment)
                try books.observe(.sample(3), at: moment)
            },
            write: { _ = try $0.withdraw(.sample(), at: moment) },
        ),
        Verb(name: "approve", prepare: ask) {
            try $0.approve(.sample(), by: .gateway, at: moment)
        },
        Verb(name: "give back", prepare: ask) {
            try $0.reject(.sample(), reason: "sample", by: .customer, at: moment)
        },
        Verb(
            name: "sign",
            prepare: { books in
                try ask(&books)
                try books.approve(.sample(), by: .gateway, at: moment)
            },
            write: { try $0.broadcast(.sample(), .sample(), at: moment) },
        ),
        Verb(name: "sign for the same place", prepare: sign) {
            try $0.broadcast(.sample(), .sample(2, replacing: [1]), at: moment)
        },
        Verb(name: "give up", prepare: sign) {
            try $0.giveUp(.sample(), reason: "sample", by: .named("ann"), at: moment)
        },
        Verb(name: "pay", prepare: sign) {
            try settle(&$0, .confirmed(evidence: "block", fee: NetworkFee(.sol, 5)))
        },
        Verb(name: "fail", prepare: sign) {
            try settle(&$0, .failed(reason: "sample", fee: NetworkFee(.usdc, 2)))
        },
        Verb(name: "sign anew", prepare: sign) { try settle(&$0, .expired(evidence: "height")) },
    ]
}
