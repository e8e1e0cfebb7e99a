import AsyncHTTPClient
import Deposits
import Foundation
import Gateway
import NIOCore
import NIOHTTP1
import Pricing
import Primitives
import StoreSQLite
import Withdrawals

/// Where an operator's command is carried out: in the database itself, or by the gateway that has
/// it open.
struct OperatorOffice {
    private enum Place {
        case database(Desks)
        case gateway(url: String, adminKey: String)
    }

    /// What the gateway's own routes use, on the database itself.
    private struct Desks {
        let store: SQLiteStore
        let operations: Operations<SQLiteStore>
        let keys: KeyDesk<SQLiteStore>
        let customers: CustomerDesk<SQLiteStore>
        let deposits: DepositDesk<SQLiteStore>
        let withdrawals: WithdrawalDesk<SQLiteStore>

        init(_ store: SQLiteStore) {
            let time = SystemSources.time
            self.store = store
            operations = Operations(store: store, rates: RateBook(nil), time: time)
            keys = KeyDesk(
                store: store,
                directory: KeyDirectory(),
                time: time,
                identifiers: SystemSources.identifiers,
            )
            customers = CustomerDesk(store: store, time: time)
            deposits = DepositDesk(store: store, chains: [], time: time)
            withdrawals = WithdrawalDesk(store: store, time: time)
        }
    }

    private let place: Place

    /// Opens the database, or finds the gateway that runs on it.
    ///
    /// A database that is not there is made where `creates` says so.
    ///
    /// - Throws: `SQLiteOpenError`, or ``OfficeError/noAdminKey`` where a gateway runs and
    ///   `FAREBOX_ADMIN_KEY` is not set.
    static func open(
        _ location: SQLiteLocation,
        creates: Bool = false,
    ) async throws -> OperatorOffice {
        if !creates, case .file(let path) = location, !location.isUsed {
            throw SQLiteOpenError.missing(path: path)
        }
        do {
            let store = try SQLiteStore.open(location, access: .exclusive)
            return OperatorOffice(place: .database(Desks(store)))
        } catch let error as SQLiteOpenError {
            guard case .locked = error, let url = SQLiteStore.announcement(at: location),
                url.hasPrefix("http")
            else { throw error }
            guard let key = SystemSources.environment[SettingKey.adminKey.variable] else {
                throw OfficeError.noAdminKey
            }
            return OperatorOffice(place: .gateway(url: url, adminKey: key))
        }
    }

    func close() async throws {
        if case .database(let desks) = place { try await desks.store.close() }
    }

    func grant(_ order: GrantOrder) async throws -> GrantAnswer {
        switch place {
        case .database(let desks): try await desks.operations.grant(order)
        case .gateway: try await ask(.POST, "grants", order)
        }
    }

    func refund(_ order: RefundOrder) async throws -> RefundAnswer {
        switch place {
        case .database(let desks): try await desks.operations.refund(order)
        case .gateway: try await ask(.POST, "refunds", order)
        }
    }

    func createKey(_ order: KeyOrder) async throws -> NewKeyAnswer {
        switch place {
        case .database(let desks): try await desks.keys.create(order)
        case .gateway: try await ask(.POST, "keys", order)
        }
    }

    func keys(of customer: String?) async throws -> KeyListAnswer {
        switch place {
        case .database(let desks):
            return try await desks.keys.list(of: customer.map { CustomerID($0) })
        case .gateway:
            let query = customer.map { "?customer=\($0)" } ?? ""
            return try await ask(.GET, "keys\(query)", String?.none)
        }
    }

    func changeKey(_ id: String, _ change: KeyChange) async throws -> OneKeyAnswer {
        switch place {
        case .database(let desks): try await desks.keys.change(KeyID(id), change, of: nil)
        case .gateway: try await ask(.PATCH, "keys/\(id)", change)
        }
    }

    func revokeKey(_ id: String) async throws -> OneKeyAnswer {
        switch place {
        case .database(let desks): try await desks.keys.revoke(KeyID(id), of: nil)
        case .gateway: try await ask(.POST, "keys/\(id)/revoke", String?.none)
        }
    }

    func rotateKey(_ id: String) async throws -> NewKeyAnswer {
        switch place {
        case .database(let desks): try await desks.keys.rotate(KeyID(id), of: nil)
        case .gateway: try await ask(.POST, "keys/\(id)/rotate", String?.none)
        }
    }

    func customer(_ id: String) async throws -> CustomerAnswer {
        switch place {
        case .database(let desks): try await desks.customers.show(CustomerID(id))
        case .gateway: try await ask(.GET, "customers/\(id)", String?.none)
        }
    }

    func changeCustomer(_ id: String, _ change: CustomerChange) async throws -> CustomerAnswer {
        switch place {
        case .database(let desks): try await desks.customers.change(CustomerID(id), change)
        case .gateway: try await ask(.PATCH, "customers/\(id)", change)
        }
    }

    func deposits(_ query: DepositQuery) async throws -> DepositListAnswer {
        switch place {
        case .database(let desks): try await desks.deposits.list(query)
        case .gateway:
            try await ask(
                .GET,
                "deposits?\(page(query.state, query.after, query.limit))",
                String?.none,
            )
        }
    }

    /// The query that asks for a page of a list.
    private func page(_ state: String?, _ after: String?, _ limit: Int?) -> String {
        let fields = [
            state.map { "state=\($0)" }, after.map { "after=\($0)" }, limit.map { "limit=\($0)" },
        ]
        return fields.compactMap(\.self).joined(separator: "&")
    }

    func deposit(_ id: DepositID) async throws -> DepositAnswer {
        switch place {
        case .database(let desks): try await desks.deposits.show(id.description)
        case .gateway: try await ask(.GET, "deposits/\(id)", String?.none)
        }
    }

    func assignDeposit(_ id: DepositID, _ order: AssignmentOrder) async throws -> DepositAnswer {
        switch place {
        case .database(let desks): try await desks.deposits.assign(id.description, order)
        case .gateway: try await ask(.POST, "deposits/\(id)/assign", order)
        }
    }

    func rejectDeposit(_ id: DepositID, _ order: RejectionOrder) async throws -> DepositAnswer {
        switch place {
        case .database(let desks): try await desks.deposits.reject(id.description, order)
        case .gateway: try await ask(.POST, "deposits/\(id)/reject", order)
        }
    }

    func withdrawals(_ query: WithdrawalQuery) async throws -> WithdrawalListAnswer {
        switch place {
        case .database(let desks): try await desks.withdrawals.list(query)
        case .gateway:
            try await ask(
                .GET,
                "withdrawals?\(page(query.state, query.after, query.limit))",
                String?.none,
            )
        }
    }

    func withdrawal(_ id: WithdrawalID) async throws -> WithdrawalAnswer {
        switch place {
        case .database(let desks): try await desks.withdrawals.show(id.description)
        case .gateway: try await ask(.GET, "withdrawals/\(id)", String?.none)
        }
    }

    func approveWithdrawal(
        _ id: WithdrawalID,
        _ order: ApprovalOrder,
    ) async throws -> WithdrawalAnswer {
        switch place {
        case .database(let desks): try await desks.withdrawals.approve(id.description, order)
        case .gateway: try await ask(.POST, "withdrawals/\(id)/approve", order)
        }
    }

    func giveUpWithdrawal(
        _ id: WithdrawalID,
        _ order: RejectionOrder,
    ) async throws -> WithdrawalAnswer {
        switch place {
        case .database(let desks): try await desks.withdrawals.giveUp(id.description, order)
        case .gateway: try await ask(.POST, "withdrawals/\(id)/fail", order)
        }
    }

    func rejectWithdrawal(
        _ id: WithdrawalID,
        _ order: RejectionOrder,
    ) async throws -> WithdrawalAnswer {
        switch place {
        case .database(let desks): try await desks.withdrawals.reject(id.description, order)
        case .gateway: try await ask(.POST, "withdrawals/\(id)/reject", order)
        }
    }

    func publish(_ draft: RateCardDraft) async throws -> RatesAnswer {
        switch place {
        case .database(let desks): try await desks.operations.publish(draft)
        case .gateway: try await ask(.POST, "rates", draft, keys: .useDefaultKeys)
        }
    }

    /// Asks the running gateway.
    private func ask<Answer: Decodable>(
        _ method: HTTPMethod,
        _ route: String,
        _ body: (some Encodable)?,
        keys: JSONEncoder.KeyEncodingStrategy = .convertToSnakeCase,
    ) async throws -> Answer {
        guard case .gateway(let url, let adminKey) = place else {
            preconditionFailure("only a gateway is asked")
        }
        var request = HTTPClientRequest(url: "\(url)/v1/admin/\(route)")
        request.method = method
        request.headers.add(name: "x-admin-key", value: adminKey)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = keys
        if let body { request.body = .bytes(ByteBuffer(bytes: try encoder.encode(body))) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = Data(try await response.body.collect(upTo: 16 << 20).readableBytesView)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard response.status != .unauthorized else { throw OfficeError.wrongAdminKey }
        guard (200..<300).contains(response.status.code) else {
            let answer = try? decoder.decode(ErrorAnswer.self, from: bytes)
            throw OfficeError.refused(
                answer?.error ?? "The gateway answered \(response.status.code).",
                code: answer?.code ?? "unknown",
                FailureKind.allCases.first { $0.status == Int(response.status.code) } ?? .broken,
            )
        }
        return try decoder.decode(Answer.self, from: bytes)
    }

    private struct ErrorAnswer: Decodable {
        let error: String
        let code: String
    }
}

/// Why an operator's command was not carried out.
enum OfficeError: Failure, Hashable {
    /// A gateway runs on the database, and nothing proves that we may tell it what to do.
    case noAdminKey
    /// The gateway has another one.
    case wrongAdminKey
    /// The gateway said no.
    case refused(String, code: String, FailureKind)

    var code: String {
        switch self {
        case .noAdminKey: "admin_key_missing"
        case .wrongAdminKey: "admin_key_wrong"
        case .refused(_, let code, _): code
        }
    }

    var kind: FailureKind {
        switch self {
        case .noAdminKey, .wrongAdminKey: .unauthenticated
        case .refused(_, _, let kind): kind
        }
    }

    var message: String {
        switch self {
        case .noAdminKey:
            "A gateway runs on this database: set FAREBOX_ADMIN_KEY to go through it."
        case .wrongAdminKey:
            "FAREBOX_ADMIN_KEY is not that of the gateway that runs on this database."
        case .refused(let sentence, _, _): sentence
        }
    }
}
