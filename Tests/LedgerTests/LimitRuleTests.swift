import Ledger
import Primitives
import Testing

/// Budgets, extended holds and refunds, as rows of `event -> outcome`.
struct LimitRuleTests {
    @Test func `a hold fits the balance and every budget, or nothing is taken`() throws {
        var table = LedgerTable()
        try table.run(
            """
            grant g1 acme usd 1000  -> credits 1000 debits 0 held 0
            budget total 300        -> ok
            budget daily 100        -> ok
            hold h1 acme 101        -> budget_exceeded daily remaining 100 needed 101
            balance customer/acme/usd -> credits 1000 debits 0 held 0
            hold h1 acme 60         -> held usd:60
            hold h2 acme 41         -> budget_exceeded daily remaining 40 needed 41
            hold h2 acme 40         -> held usd:40
            release h2              -> released
            capture h1 50 cost 20   -> captured 50
            spent daily             -> charged 50 held 0
            hold h3 acme 51         -> budget_exceeded daily remaining 50 needed 51
            budget daily 2000       -> ok
            hold h3 acme 251        -> budget_exceeded total remaining 250 needed 251
            budget total 2000       -> ok
            hold h3 acme 951        -> insufficient_funds available 950 needed 951
            hold h3 acme 950        -> held usd:950
            """
        )
    }

    @Test func `a window ends with the calendar's, and nothing is set back`() throws {
        var table = LedgerTable()
        // Day 0 is Thursday 1 January 2026; day 4 a Monday, day 31 the first of February.
        try table.run(
            """
            grant g1 acme usd 10000 -> credits 10000 debits 0 held 0
            day 0                   -> ok
            hold h1 acme 100 lease 9999999 -> held usd:100
            capture h1 100 cost 10  -> captured 100
            day 3                   -> ok
            spent daily             -> charged 0 held 0
            spent weekly            -> charged 100 held 0
            hold h2 acme 70 lease 9999999 -> held usd:70
            day 4                   -> ok
            spent weekly            -> charged 0 held 70
            capture h2 70 cost 10   -> captured 70
            spent weekly            -> charged 70 held 0
            spent monthly           -> charged 170 held 0
            budget weekly 100       -> ok
            hold h3 acme 31         -> budget_exceeded weekly remaining 30 needed 31
            day 30                  -> ok
            spent monthly           -> charged 170 held 0
            day 31                  -> ok
            spent monthly           -> charged 0 held 0
            spent total             -> charged 170 held 0
            day 2                   -> ok
            spent weekly            -> charged 170 held 0
            """
        )
    }

    @Test func `a hold is extended as far as the balance and the budgets reach`() throws {
        var table = LedgerTable()
        try table.run(
            """
            grant g1 acme usdc 100  -> credits 100 debits 0 held 0
            hold h1 acme 80         -> held usdc:80
            extend h1 70            -> held usdc:80
            extend h1 90            -> held usdc:90
            extend h1 90            -> held usdc:90
            extend h1 500           -> held usdc:100
            grant g2 acme usd 60    -> credits 60 debits 0 held 0
            budget daily 130        -> ok
            extend h1 500           -> held usdc:100 usd:30
            spent total             -> charged 0 held 130
            extend h2 10            -> hold_not_found
            capture h1 120 cost 100 -> captured 120
            balance customer/acme/usdc -> credits 100 debits 100 held 0
            balance customer/acme/usd  -> credits 60 debits 20 held 0
            extend h1 500           -> hold_already_resolved
            spent total             -> charged 120 held 0
            """
        )
    }

    @Test func `a hold on SOL is extended in SOL, at its own rate`() throws {
        var table = LedgerTable()
        try table.run(
            """
            rate 2000000            -> ok
            grant g1 acme sol 1000000 -> credits 1000000 debits 0 held 0
            hold h1 acme 1000       -> held sol:500000
            grant g2 acme usd 5000  -> credits 5000 debits 0 held 0
            rate 1                  -> ok
            extend h1 1001          -> held sol:500500
            extend h1 9000          -> held sol:1000000
            spent total             -> charged 0 held 2000
            capture h1 1500 cost 0  -> captured 1500
            balance customer/acme/sol -> credits 1000000 debits 750000 held 0
            """
        )
    }

    @Test func `a refund gives back at most the charge, once, to where it came from`() throws {
        var table = LedgerTable()
        try table.run(
            """
            grant g1 acme usdc 50   -> credits 50 debits 0 held 0
            grant g2 acme usd 100   -> credits 100 debits 0 held 0
            hold h1 acme 120        -> held usdc:50 usd:70
            refund h1 10            -> refund_exceeds_charge
            capture h1 90 cost 60   -> captured 90
            refund h1 91            -> refund_exceeds_charge
            refund h1 0             -> refund_exceeds_charge
            refund h1 60            -> refunded 60
            refund h1 60            -> refunded 60
            refund h1 61            -> already_refunded
            refund h2 1             -> hold_not_found
            balance customer/acme/usd  -> credits 140 debits 40 held 0
            balance customer/acme/usdc -> credits 70 debits 50 held 0
            balance revenue/usd     -> credits 30 debits 40 held 0
            transfers h1            -> cost 50 usdc cost 10 usd margin 30 usd refund 40 usd refund 20 usdc
            spent total             -> charged 30 held 0
            spent daily             -> charged 30 held 0
            """
        )
    }

    @Test func `a refund of SOL gives back the lamports that were charged`() throws {
        var table = LedgerTable()
        try table.run(
            """
            rate 3000000            -> ok
            grant g1 acme sol 1000  -> credits 1000 debits 0 held 0
            hold h1 acme 2          -> held sol:667
            capture h1 1 cost 1     -> captured 1
            balance customer/acme/sol -> credits 1000 debits 334 held 0
            refund h1 1             -> refunded 1
            balance customer/acme/sol -> credits 1334 debits 334 held 0
            """
        )
    }

    @Test func `a refund comes out of the day on which it had been charged`() throws {
        var table = LedgerTable()
        try table.run(
            """
            grant g1 acme usd 1000  -> credits 1000 debits 0 held 0
            hold h1 acme 100        -> held usd:100
            capture h1 100 cost 10  -> captured 100
            day 1                   -> ok
            hold h2 acme 5          -> held usd:5
            capture h2 5 cost 5     -> captured 5
            refund h1 100           -> refunded 100
            spent daily             -> charged 5 held 0
            spent total             -> charged 5 held 0
            """
        )
    }

    @Test(arguments: [
        (BudgetWindow.daily, "2026-02-28T23:59:59.999999Z", "2026-02-28", "2026-03-01"),
        (.daily, "2026-01-01T00:00:00Z", "2026-01-01", "2026-01-02"),
        (.weekly, "2026-01-04T12:00:00Z", "2025-12-29", "2026-01-05"),
        (.weekly, "2026-01-05T00:00:00Z", "2026-01-05", "2026-01-12"),
        (.monthly, "2024-02-29T12:00:00Z", "2024-02-01", "2024-03-01"),
        (.monthly, "2026-12-31T12:00:00Z", "2026-12-01", "2027-01-01"),
        (.monthly, "2026-01-31T12:00:00Z", "2026-01-01", "2026-02-01"),
    ])
    func `a window is the calendar's`(
        _ window: BudgetWindow,
        _ moment: String,
        _ first: String,
        _ end: String,
    ) throws {
        let now = try #require(Timestamp(moment))
        let day = try #require(window.firstDay(at: now))
        #expect(Timestamp(startOfDay: day).iso8601 == "\(first)T00:00:00+00:00")
        #expect(window.end(at: now)?.iso8601 == "\(end)T00:00:00+00:00")
    }
}

extension Timestamp {
    /// Reads `2026-02-28T23:59:59Z`, slowly: it looks for the second that prints so.
    fileprivate init?(_ text: String) {
        let seconds = text.prefix(19)
        var (low, high): (Int64, Int64) = (0, 4_102_444_800)
        while low < high {
            let middle = (low + high) / 2
            let printed = Timestamp(microseconds: middle * 1_000_000).iso8601.prefix(19)
            if printed < seconds { low = middle + 1 } else { high = middle }
        }
        let fraction: Int64 = text.hasSuffix(".999999Z") ? 999_999 : 0
        self.init(microseconds: low * 1_000_000 + fraction)
        guard iso8601.prefix(19) == seconds else { return nil }
    }
}
