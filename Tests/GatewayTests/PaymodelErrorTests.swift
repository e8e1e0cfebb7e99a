import Deposits
import Foundation
import GatewayTestKit
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

    @Test func `a refusal for money names a node that is public, and no other`() throws {
        let named = try told(publicNode: "https://rpc.tempo.xyz")
        #expect(named.code == "PAYMENT_REQUIRED")
        #expect(named.deposit.rpc == "https://rpc.tempo.xyz")
        #expect((named.deposit.chain, named.deposit.chainId) == ("tempo", 4217))
        #expect(try told(publicNode: nil).deposit.rpc == nil)
    }
}
