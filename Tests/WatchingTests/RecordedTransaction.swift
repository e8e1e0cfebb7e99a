import ChainFormats
import Deposits
import FoundationEssentials
import Testing

@testable import Watching

/// Answers of a node, as `Tests/Chains/record_solana.py` recorded them from Solana's own machine.
enum RecordedTransaction {
    static func data(_ name: String) throws -> Data {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = "\(folder.joined(separator: "/"))/Fixtures/solana/\(name).json"
        return try #require(FileManager.default.contents(atPath: path), "no \(path)")
    }

    static func named(_ name: String) throws -> LandedTransaction {
        try JSONDecoder().decode(LandedTransaction.self, from: data(name))
    }

    /// With the text of its JSON changed.
    static func named(
        _ name: String,
        replacing old: String,
        with new: String,
    ) throws
        -> LandedTransaction
    {
        let text = String(decoding: try data(name), as: UTF8.self)
        try #require(text.contains(old), "\(name) has no \(old)")
        let changed = Data(text.replacing(old, with: new).utf8)
        return try JSONDecoder().decode(LandedTransaction.self, from: changed)
    }

    /// Who plays in all of them.
    struct Addresses: Decodable {
        let treasury: String
        let user: String
        let friend: String
        let program: String
        let mint: String
    }

    static func addresses() throws -> Addresses {
        try JSONDecoder().decode(Addresses.self, from: data("addresses"))
    }

    static func treasury(
        wallet: String? = nil,
        mint: String? = nil,
        hasProgram: Bool = true,
    ) throws -> SolanaTreasury {
        let known = try addresses()
        return SolanaTreasury(
            chain: "solana",
            wallet: try #require(SolanaKey(wallet ?? known.treasury)),
            mint: try #require(SolanaKey(mint ?? known.mint)),
            program: hasProgram ? SolanaKey(known.program) : nil,
        )
    }
}
