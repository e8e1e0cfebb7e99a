import Deposits
import Forwarding
import Foundation
import GatewayTestKit
import Identity
import Ledger
import Pricing
import Primitives
import Testing
import Watching

@testable import Gateway

@Suite struct PaymodelErrorTests {
    private struct Told: Decodable {
        struct Deposit: Decodable {
            let chain: String
            let chainId: Int
            let rpc: String?
        }

        let code: String
        let deposit: Deposit
    }

    private func told(publicNode: String?) throws -> Told {
        var settings = GatewaySettings(publicURL: nil, holds: HoldPolicy(mode: .adaptive))
        settings.rails = [
            DepositRail(
                chain: "tempo",
                network: .evm(chainID: 4217, hasMemos: true),
                treasury: "0x00000000000000000000000000000000000000aa",
                coins: [
                    DepositRail.Coin(.pathusd, token: "0x20c0000000000000000000000000000000000000")
                ],
                isTestnet: false,
                publicNode: publicNode,
            )
        ]
        let now = Timestamp(microseconds: 0)
        let failure = GatewayError.insufficientFunds(
            Shortage(needed: Amount(2), available: Amount(1), affordableOutput: 0),
            Funding(nil, missing: Amount(1), settings, at: now),
        )
        let members = PaymodelError(failure, on: .paymodelChat).members
        return try JSONDecoder().decode(Told.self, from: Data("{\(members)}".utf8))
    }

    struct Row: Sendable {
        let failure: any Failure
        let code: String
        let status: Int
    }

    /// PM-19 to PM-28 but PM-23, of which the next test is, and PM-26, which is an upstream's own word.
    static let rows = [
        // PM-19, with another status: a name is no proof.
        Row(failure: IdentityError.missingCredential, code: "MISSING_PAYER", status: 401),
        Row(failure: GatewayError.modelNotFound(), code: "INVALID_MODEL", status: 400),
        Row(failure: GatewayError.invalidParameter("x"), code: "INVALID_REQUEST", status: 400),
        Row(failure: GatewayError.unknownField("x"), code: "INVALID_REQUEST", status: 400),
        Row(
            failure: GatewayError.transactionWithoutDeposit("0x1"),
            code: "VERIFICATION_FAILED",
            status: 400,
        ),
        Row(failure: GatewayError.transactionNotFound("0x1"), code: "TX_NOT_FOUND", status: 404),
        Row(failure: GatewayError.routeNotFound, code: "NOT_FOUND", status: 404),
        // PM-27: a treasury that is not set stops the start; what fails here is a defect.
        Row(failure: GatewayError.internalError, code: "SERVER_ERROR", status: 500),
        Row(failure: ForwardingError.unreachable, code: "UPSTREAM_ERROR", status: 502),
    ]

    @Test(arguments: rows)
    func `a failure has paymodel's code and status`(_ row: Row) throws {
        let told = PaymodelError(row.failure, on: .paymodel)
        #expect(told.members.hasPrefix("\"code\":\"\(row.code)\""))
        #expect(told.status == row.status)
    }

    /// PM-23.
    @Test func `a refusal for money names a node that is public, and no other`() throws {
        let named = try told(publicNode: "https://rpc.tempo.xyz")
        #expect(named.code == "PAYMENT_REQUIRED")
        #expect(named.deposit.rpc == "https://rpc.tempo.xyz")
        #expect((named.deposit.chain, named.deposit.chainId) == ("tempo", 4217))
        #expect(try told(publicNode: nil).deposit.rpc == nil)
    }
}
