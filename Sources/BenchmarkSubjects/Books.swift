import Forwarding
import Gateway
import GatewayTestKit
import Glibc
import Identity
import Ledger
import Metering
import NIOCore
import Pricing
import Primitives
import Providers
import Receipts
import StoreSQLite

extension SQLiteStore: GatewayStore {}
extension MemoryStore: GatewayStore {}

/// Books with customers that hold, settle and present keys, as the gateway has them do it.
public final class Books: Sendable {
    /// What is done for an inference.
    public enum Work: String, CaseIterable, Sendable {
        /// A hold and its settlement by the ledger's rules alone.
        case ledger
        /// The stages of the gateway: the key, the budgets and the quote's fit before the hold, and
        /// the receipt with the settlement.
        case stages
    }

    private let work: any BooksWork
    /// Ends with the store.
    public let close: @Sendable () async throws -> Void

    private init(_ work: any BooksWork, close: @escaping @Sendable () async throws -> Void) {
        self.work = work
        self.close = close
    }

    /// Books in a file, new ones or those that are there, each settlement synced before it is answered.
    public static func sqlite(_ path: String) async throws -> Books {
        let store = try SQLiteStore.open(.file(path), access: .exclusive)
        return Books(try await StoreWork(store), close: { try await store.close() })
    }

    /// Books in memory, the model.
    public static func memory() async throws -> Books {
        Books(try await StoreWork(MemoryStore()), close: {})
    }

    /// How many customers there are.
    public var customerCount: Int { work.customerCount }

    /// Adds customers, each with a key and a grant that is never used up, and invites some.
    public func addCustomers(_ count: Int) async throws { try await work.addCustomers(count) }

    /// Draws `count` customers at random from all, who come next, one after the other.
    public func invite(_ count: Int) { work.invite(count) }

    /// The secrets of `count` customers, drawn at random from all.
    public func secrets(_ count: Int) -> [String] { work.secrets(count).map(\.text) }

    /// Places and settles `count` holds of those who were invited, `atOnce` at a time.
    public func pairs(_ count: Int, atOnce: Int, _ kind: Work) async throws {
        let each = (count + atOnce - 1) / atOnce
        let work = work
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<atOnce {
                group.addTask { for _ in 0..<each { try await work.pair(kind) } }
            }
            try await group.waitForAll()
        }
    }

    /// Looks up the key of who was invited, `count` times one after the other.
    public func authenticate(_ count: Int) async throws {
        for _ in 0..<count { try await work.authenticate() }
    }

    /// Reads the receipt of one of the last inferences, `count` times one after the other.
    public func readReceipts(_ count: Int) async throws {
        for _ in 0..<count { try await work.readReceipt() }
    }

    /// Adds holds that were settled, many to a transaction, until there are `count` in all.
    public func fill(pairs count: Int) async throws { try await work.fill(count) }

    /// Audits everything.
    ///
    /// - Throws: what is wrong.
    public func audit() async throws { try await work.audit() }
}
