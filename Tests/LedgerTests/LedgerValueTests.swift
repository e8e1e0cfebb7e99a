import GatewayTestKit
import Ledger
import Primitives
import Testing

struct LedgerValueTests {
    @Test(arguments: [
        "customer/acme/usd", "custody/base/usdc", "provider/openai/sol", "revenue/usd",
        "overrun/usd", "promotion/pathusd", "suspense/usdc", "payout/usdc",
        "customer/\u{301}acme/usd",
    ])
    func `an account's name is read and printed`(_ name: String) {
        #expect(AccountID(name)?.description == name)
    }

    @Test(arguments: [
        "", "customer", "customer/acme", "customer/acme/eur", "customer/a/b/usd", "revenue/x/usd",
        "revenue", "Customer/acme/usd", "customer/acme/usd/", "/usd", "bank/usd",
    ])
    func `anything else is no account`(_ name: String) {
        #expect(AccountID(name) == nil)
    }

    @Test(arguments: [
        (Int64(150_000_000), Int64(1), Int64(7)), (150_000_000, 150_000_000, 1_000_000_000),
        (1, 1, 1_000_000_000), (1_000_000_000, 1, 1), (3_000_000_000, 1, 1), (7, 0, 0),
        (150_000_000, 100, 667),
    ])
    func `lamports cover micro-USD, rounded up`(
        _ rate: Int64,
        _ microdollars: Int64,
        _ lamports: Int64,
    ) {
        let rate = SOLRate(microdollarsPerSOL: rate, quotedAt: .second(0))
        let covering = rate.lamports(covering: Amount(microdollars))
        #expect(covering == Amount(lamports))
        #expect(rate.microdollars(coveredBy: Amount(lamports)) >= Amount(microdollars))
    }

    @Test func `lamports that do not fit cover nothing`() {
        let rate = SOLRate(microdollarsPerSOL: 1, quotedAt: .second(0))
        #expect(rate.lamports(covering: Amount(.max)) == nil)
        let dear = SOLRate(microdollarsPerSOL: .max, quotedAt: .second(0))
        #expect(dear.microdollars(coveredBy: Amount(.max)) == Amount(.max))
    }

    @Test func `every link's digest covers everything in it and before it`() {
        let transfer = Transfer.sample()
        var chain = TransferChain.empty
        let first = chain.append(transfer)
        let second = chain.append(transfer)
        #expect(first.sequence == 1 && second.sequence == 2)
        #expect(first.digest.count == 32 && first.digest != second.digest)
        let others = [
            Transfer.sample(id: "u"), .sample(code: .deposit), .sample(debit: "overrun/usd"),
            .sample(credit: "customer/b/usd"), .sample(amount: 8), .sample(cause: "d"),
            .sample(note: "o"), .sample(at: 2), .sample(cause: "cn", note: ""),
            .sample(cause: "", note: "cn"),
        ].map { other in
            var chain = TransferChain.empty
            return chain.append(other).digest
        }
        #expect(Set(others).count == others.count)
        #expect(!others.contains(first.digest))
    }

    @Test func `a transfer that moves nothing, or nowhere, stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = Transfer.sample(amount: 0) }
        await #expect(processExitsWith: .failure) { _ = Transfer.sample(debit: "customer/a/usd") }
        await #expect(processExitsWith: .failure) { _ = Transfer.sample(debit: "overrun/usdc") }
        await #expect(processExitsWith: .failure) {
            _ = Settlement(price: 1, cost: 2, provider: "openai")
        }
    }
}

extension Transfer {
    fileprivate static func sample(
        id: TransferID = "t",
        code: TransferCode = .grant,
        debit: String = "promotion/usd",
        credit: String = "customer/a/usd",
        amount: Amount = 7,
        cause: String = "c",
        note: String = "n",
        at second: Int64 = 1,
    ) -> Transfer {
        guard let debit = AccountID(debit), let credit = AccountID(credit) else {
            preconditionFailure("the sample names accounts")
        }
        return Transfer(
            id: id,
            code: code,
            debit: debit,
            credit: credit,
            amount: amount,
            cause: cause,
            note: note,
            at: .second(second),
        )
    }
}
