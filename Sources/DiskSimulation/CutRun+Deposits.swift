import Deposits
import GatewayTestKit
import Ledger
import Primitives
import StoreSQLite

extension CutRun {
    private static let later = Timestamp.second(100)

    private static func nothing(_ books: inout SQLiteTransaction) {}

    private static func credit(_ books: inout SQLiteTransaction) throws {
        try books.observe(.sample(2, .sample(9_000_000, .sol)), at: later)
    }

    /// The event leaves the chain.
    private static func drop(_ books: inout SQLiteTransaction) throws {
        try books.dropped(.sample(2), from: .sample(1), at: later)
    }

    private static func suspend(_ books: inout SQLiteTransaction) throws {
        try books.observe(.sample(2, .sample(for: nil)), at: later)
    }

    /// Each verb of deposits; all are answered as durable.
    static let depositVerbs = [
        Verb(name: "see", prepare: nothing) {
            try $0.observe(.sample(2, isFinal: false), at: later)
        },
        Verb(name: "credit", prepare: nothing, write: credit),
        Verb(name: "suspend", prepare: nothing, write: suspend),
        Verb(name: "drop", prepare: credit, write: drop),
        Verb(
            name: "drop what was spent",
            prepare: { books in
                try credit(&books)
                // More than the dollars cover: lamports, of which too few are left.
                _ = try books.placeHold(
                    .sample("h", of: "acme", 16_000_000),
                    solRate: SOLRate(microdollarsPerSOL: 1_500_000_000, quotedAt: later),
                )
            },
            write: drop,
        ),
        Verb(
            name: "return",
            prepare: { books in
                try credit(&books)
                try drop(&books)
            },
            write: { try $0.observe(.sample(2, .sample(9_000_000, .sol), block: 2), at: later) },
        ),
        Verb(name: "assign", prepare: suspend) {
            try $0.assign(.sample(2), to: "acme", by: "ann", at: later)
        },
        Verb(name: "reject", prepare: suspend) {
            try $0.reject(.sample(2), reason: "sample", by: "ann", at: later)
        },
        Verb(name: "bind", prepare: nothing) {
            try $0.bind(.sample(9), to: "acme", at: later)
        },
    ]
}
