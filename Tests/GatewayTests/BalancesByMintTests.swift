import Primitives
import Testing
import Watching

@testable import Gateway
@testable import Ledger

@Suite struct BalancesByMintTests {
    @Test func `a balance of 0.4 names Solana's mint, whichever chain is configured first`() {
        let rails = [
            DepositRail(
                chain: "base",
                network: .evm(chainID: 8453, hasMemos: false),
                treasury: "0x01",
                coins: [DepositRail.Coin(.usdc, token: "0xbase")],
                isTestnet: false,
            ),
            DepositRail(
                chain: "solana",
                network: .solana(program: nil),
                treasury: "wallet",
                coins: [DepositRail.Coin(.usdc, token: "mint")],
                isTestnet: false,
            ),
        ]
        let funds = Funds(balances: [(.usdc, Balance.zero)], solRate: nil)
        for rails in [rails, rails.reversed()] {
            #expect(BalancesByMint("acme", funds, rails).balances == ["mint": 0])
        }
        #expect(BalancesByMint("acme", funds, [rails[0]]).balances == ["0xbase": 0])
    }
}
