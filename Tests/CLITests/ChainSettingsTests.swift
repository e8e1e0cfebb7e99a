import Primitives
import Testing
import Watching

@testable import CLI

@Suite struct ChainSettingsTests {
    private static let base = [
        "FAREBOX_CHAINS": "base", "BASE_RPC_URL": "http://one,http://two",
        "BASE_TREASURY": "0x00000000000000000000000000000000000000aa",
    ]

    static let refusals: [(change: [String: String], message: String)] = [
        (
            ["BASE_RPC_QUORUM": "3"],
            "BASE_RPC_QUORUM must be a whole number from 1 to how many nodes "
                + "BASE_RPC_URL names, which is 2.",
        ),
        (
            ["BASE_RPC_QOURUM": "2"],
            "BASE_RPC_QOURUM begins as the settings of base do, and is none; "
                + "docs/configuration.md lists them all. Unset it here where it is another program's.",
        ),
        (
            ["SOLANA_TREASURY": "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"],
            "SOLANA_TREASURY is a setting of solana or solana-devnet, which FAREBOX_CHAINS does not "
                + "name. Name it there, or unset this.",
        ),
        (
            ["FAREBOX_CHAINS": "base,bse"],
            "BSE_TREASURY is not set. Known by name are tempo, tempo-testnet, base, "
                + "base-sepolia, solana, solana-devnet; bse is none of them, and has to be told "
                + "everything.",
        ),
        (
            ["FAREBOX_CHAINS": "base,tempo-tesnet,base-sepolia"],
            "FAREBOX_CHAINS must be test networks alone (tempo-testnet, base-sepolia, solana-devnet), "
                + "or none.",
        ),
        (
            ["FAREBOX_CHAINS": "base,-"],
            "FAREBOX_CHAINS must be names of chains, each once, one network of Solana at most.",
        ),
    ]

    @Test(arguments: refusals)
    func `what is wrong with a chain is said`(
        _ row: (change: [String: String], message: String)
    ) async throws {
        let environment = ChainSettingsTests.base.merging(row.change) { $1 }
        let refused = await #expect(throws: SettingError.self) {
            try await SettingsReader(environment: environment).chains()
        }
        #expect(refused?.message == row.message)
    }

    @Test(arguments: [("1", 1), ("2", 2)])
    func `as many nodes as there are may have to agree`(_ text: String, _ quorum: Int) async throws
    {
        let own = ["BASE_RPC_QUORUM": text]
        let environment = ChainSettingsTests.base.merging(own) { $1 }
        let chain = try #require(try await SettingsReader(environment: environment).chains().first)
        guard case .evm(let watching) = chain.watching else {
            Issue.record("Base is an EVM chain")
            return
        }
        #expect(watching.quorum == quorum)
    }
}
