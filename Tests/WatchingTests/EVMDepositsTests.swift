import ChainFormats
import Deposits
import FoundationEssentials
import Primitives
import Testing

@testable import Watching

/// Receipts of a node, as `Tests/Chains/record_evm.py` recorded them from Ethereum's machine in Python.
struct EVMDepositsTests {
    private struct Addresses: Decodable {
        let treasury: String
        let user: String
        let friend: String
        let token: String
    }

    private func data(_ name: String) throws -> Data {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = "\(folder.joined(separator: "/"))/Fixtures/evm/\(name).json"
        return try #require(FileManager.default.contents(atPath: path), "no \(path)")
    }

    private func receipt(
        _ name: String,
        replacing old: String = "",
        with new: String = "",
    ) throws -> EVMReceipt {
        var text = String(decoding: try data(name), as: UTF8.self)
        if !old.isEmpty {
            try #require(text.contains(old), "\(name) has no \(old)")
            text = text.replacing(old, with: new)
        }
        return try JSONDecoder().decode(EVMReceipt.self, from: Data(text.utf8))
    }

    private func known() throws -> Addresses {
        try JSONDecoder().decode(Addresses.self, from: data("addresses"))
    }

    private func treasury(_ address: String? = nil) throws -> EVMTreasury {
        let known = try known()
        return EVMTreasury(
            chain: "tempo",
            chainID: 42_431,
            address: try #require(EVMAddress(address ?? known.treasury)),
            tokens: [try #require(EVMAddress(known.token)): .pathusd],
        )
    }

    /// The deposits of a receipt, a line each.
    private func lines(_ receipt: EVMReceipt, _ treasury: EVMTreasury) throws -> [String] {
        let known = try known()
        let names = [known.user.lowercased(): "user", known.friend.lowercased(): "friend"]
        return EVMDeposits.events(in: receipt, at: treasury).map { event, deposit in
            let sender = deposit.sender.map { names["\($0)"] ?? "\($0)" } ?? "nobody"
            return
                "\(event) \(deposit.amount) \(deposit.asset.rawValue) \(sender) \(deposit.code ?? "-")"
        }
    }

    private static let code = "000102030405060708090a0b0c0d0e0f"

    @Test(arguments: [
        ("transfer", ["0 5000000 pathusd user -"]),
        ("memo-text", ["0 1250000 pathusd user \(code)"]),
        ("memo-left", ["0 2 pathusd user \(code)"]),
        ("memo-right", ["0 3 pathusd user \(code)"]),
        ("memo-words", ["0 4 pathusd user lunch"]),
        ("memo-empty", ["0 5 pathusd user -"]),
        (
            "memo-noise",
            ["0 6 pathusd user 808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"],
        ),
        // Whose money it is, not who sent the transaction.
        ("allowed", ["0 7 pathusd user -"]),
        ("several", ["0 1 pathusd user -", "1 2 pathusd user -", "2 2 pathusd user -"]),
        ("pretended", []),
        ("other-token", []),
        ("other-receiver", []),
        ("nothing", []),
        ("failed", []),
    ])
    func `a receipt holds exactly the deposits that were made with it`(
        _ name: String,
        _ expected: [String],
    ) throws {
        #expect(try lines(receipt(name), treasury()) == expected)
    }

    @Test func `what goes to another treasury is no deposit`() throws {
        let friends = try treasury(known().friend)
        #expect(try lines(receipt("transfer"), friends).isEmpty)
        #expect(try lines(receipt("other-receiver"), friends) == ["0 9 pathusd user -"])
    }

    @Test func `a memo is of one transfer, and only of one that is the same`() throws {
        // Another amount in the memo's log than in the transfer's.
        let memo = try receipt("memo-left")
        #expect(memo.logs.count == 2)
        let other = EVMReceipt(
            transaction: memo.transaction,
            block: memo.block,
            blockHash: memo.blockHash,
            hasSucceeded: true,
            logs: [try receipt("transfer").logs[0], memo.logs[1], memo.logs[0], memo.logs[0]],
        )
        #expect(
            try lines(other, treasury()) == [
                "0 5000000 pathusd user -", "2 2 pathusd user \(Self.code)", "3 2 pathusd user -",
            ]
        )
    }

    @Test func `a log that its block has lost is no deposit`() throws {
        let removed = try receipt(
            "transfer",
            replacing: "\"removed\": false",
            with: "\"removed\": true",
        )
        #expect(try lines(removed, treasury()).isEmpty)
    }

    @Test(arguments: [
        ("\"status\": \"0x1\"", "\"status\": 1"),
        ("\"status\": \"0x1\"", "\"state\": \"0x1\""),
        ("\"blockNumber\": \"0x", "\"blockNumber\": \"0x0"),
        ("\"blockHash\": \"0x", "\"blockHash\": \"0x00"),
        ("\"data\": \"0x", "\"data\": \"0x0"),
        ("\"logs\"", "\"events\""),
        ("\"topics\": [", "\"topics\": [\"0x12\","),
        ("\"address\": \"0x", "\"address\": \"0x1"),
    ])
    func `an answer that can not be true is not read at all`(_ old: String, _ new: String) {
        #expect(throws: DecodingError.self) {
            try receipt("transfer", replacing: old, with: new)
        }
    }
}
