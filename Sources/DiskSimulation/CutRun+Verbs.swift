import GatewayTestKit
import Ledger
import Primitives
import StoreSQLite

extension CutRun {
    private static let now = Timestamp.second(100)

    private static func open(_ books: inout SQLiteTransaction) throws {
        try SampleBooks.place("h", of: "acme", 60_000, &books)
    }

    /// Each verb of the ledger, as durable as the gateway asks for it.
    static let verbs = [
        Verb(
            name: "grant",
            prepare: { _ in },
            write: { _ = try $0.give(Grant.sample("g", to: "acme", 7), at: now) },
        ),
        Verb(name: "hold", durability: .visible, prepare: { _ in }, write: open),
        Verb(name: "extend", durability: .visible, prepare: open) {
            _ = try $0.extendHold("h", to: 90_000, within: [], at: now)
        },
        Verb(name: "capture", prepare: open) {
            try SampleBooks.capture("h", tokens: 5000, at: now, &$0)
        },
        Verb(name: "release", prepare: open) { try $0.releaseHold("h", at: now) },
        Verb(name: "renew", prepare: open) { try $0.renewHolds(["h"], until: .second(1000)) },
        Verb(name: "expire", prepare: open) {
            _ = try $0.expireHolds(leasedBefore: .second(90), except: [], at: now)
        },
        Verb(
            name: "refund",
            prepare: { books in
                try open(&books)
                try SampleBooks.capture("h", tokens: 5000, at: now, &books)
            },
            write: { _ = try $0.give(Refund(of: "h", 900, reason: "sample"), at: now) },
        ),
    ]
}
