import Testing

struct LedgerRuleTests {
    struct Table: CustomTestStringConvertible {
        let testDescription: String
        let rows: String
        init(_ name: String, _ rows: String) {
            testDescription = name
            self.rows = rows
        }
    }

    static let tables = [
        Table(
            "a grant credits once",
            """
            grant g1 acme usd 100                -> credits 100 debits 0 held 0
            grant g1 acme usd 100                -> credits 100 debits 0 held 0
            grant g1 acme usd 101                -> transfer_exists_with_different_content
            grant g1 acme usdc 100               -> transfer_exists_with_different_content
            grant g1 other usd 100               -> transfer_exists_with_different_content
            grant g2 acme usd 9223372036854775807 -> amount_overflow
            balance promotion/usd                -> credits 0 debits 100 held 0
            grant g3 acme usdc 7                 -> credits 7 debits 0 held 0
            balance customer/acme/usd            -> credits 100 debits 0 held 0
            """,
        ),
        Table(
            "a customer cannot be debited below what it has available",
            """
            post t1 deposit custody/base/usdc customer/acme/usdc 50 -> posted
            post t1 deposit custody/base/usdc customer/acme/usdc 50 -> same
            post t1 grant custody/base/usdc customer/acme/usdc 50   -> transfer_exists_with_different_content
            post t1 deposit custody/solana/usdc customer/acme/usdc 50 -> transfer_exists_with_different_content
            post t2 deposit customer/acme/usdc payout/usdc 51       -> overdraft
            hold h1 acme 20                                         -> held usdc:20
            post t2 deposit customer/acme/usdc payout/usdc 31       -> overdraft
            post t2 deposit customer/acme/usdc payout/usdc 30       -> posted
            post t3 deposit customer/acme/usdc payout/usdc 1        -> overdraft
            post t4 deposit customer/other/usdc payout/usdc 1       -> overdraft
            balance customer/acme/usdc                              -> credits 50 debits 30 held 20
            balance custody/base/usdc                               -> credits 0 debits 50 held 0
            """,
        ),
        Table(
            "a hold reserves, refusals first",
            """
            hold h1 acme 1       -> insufficient_funds available 0 needed 1
            grant g1 acme usd 100 -> credits 100 debits 0 held 0
            hold h1 acme 101     -> insufficient_funds available 100 needed 101
            hold h1 acme 70      -> held usd:70
            hold h1 acme 70      -> held usd:70
            hold h1 acme 60      -> hold_exists_with_different_content
            hold h1 other 70     -> hold_exists_with_different_content
            hold h2 acme 40      -> insufficient_funds available 30 needed 40
            hold h2 acme 30      -> held usd:30
            hold h3 acme 1       -> insufficient_funds available 0 needed 1
            hold h4 acme 0       -> held
            balance customer/acme/usd -> credits 100 debits 0 held 100
            """,
        ),
        Table(
            "a capture that the books cannot count is refused before anything is written",
            """
            post t1 deposit suspense/usd provider/openai/usd 9223372036854775000 -> posted
            grant g1 acme usd 2000      -> credits 2000 debits 0 held 0
            hold h1 acme 2000           -> held usd:2000
            capture h1 2000 cost 900    -> amount_overflow
            balance customer/acme/usd   -> credits 2000 debits 0 held 2000
            capture h1 2000 cost 800    -> captured 2000
            """,
        ),
        Table(
            "a captured hold returns the remainder",
            """
            capture h1 25 cost 20 -> hold_not_found
            release h1            -> hold_not_found
            grant g1 acme usd 100 -> credits 100 debits 0 held 0
            hold h1 acme 70       -> held usd:70
            capture h1 25 cost 20 -> captured 25
            balance customer/acme/usd -> credits 100 debits 25 held 0
            balance provider/openai/usd -> credits 20 debits 0 held 0
            balance revenue/usd   -> credits 5 debits 0 held 0
            capture h1 25 cost 20 -> captured 25
            capture h1 26 cost 20 -> hold_already_resolved
            release h1            -> hold_already_resolved
            hold h1 acme 70       -> captured 25
            hold h1 acme 71       -> hold_exists_with_different_content
            transfers h1          -> cost 20 usd margin 5 usd
            expire 999            ->
            """,
        ),
        Table(
            "a charge is at most its hold, the rest is the operator's",
            """
            grant g1 acme usd 100   -> credits 100 debits 0 held 0
            hold h1 acme 70         -> held usd:70
            capture h1 100 cost 90  -> captured 70
            transfers h1            -> cost 70 usd overrun_cost 20 usd overrun_margin 10 usd
            balance customer/acme/usd   -> credits 100 debits 70 held 0
            balance overrun/usd         -> credits 0 debits 30 held 0
            balance provider/openai/usd -> credits 90 debits 0 held 0
            balance revenue/usd         -> credits 10 debits 0 held 0
            capture h1 100 cost 90  -> captured 70
            hold h2 acme 30         -> held usd:30
            capture h2 40 cost 10   -> captured 30
            transfers h2            -> cost 10 usd margin 20 usd overrun_margin 10 usd
            """,
        ),
        Table(
            "a capture of nothing and of everything",
            """
            grant g1 acme usd 100 -> credits 100 debits 0 held 0
            hold h1 acme 60       -> held usd:60
            hold h2 acme 40       -> held usd:40
            capture h1 0 cost 0   -> captured 0
            transfers h1          ->
            balance customer/acme/usd -> credits 100 debits 0 held 40
            capture h2 40 cost 40 -> captured 40
            transfers h2          -> cost 40 usd
            capture h1 0 cost 0   -> captured 0
            """,
        ),
        Table(
            "a released hold returns everything, once",
            """
            grant g1 acme usd 100 -> credits 100 debits 0 held 0
            hold h1 acme 70       -> held usd:70
            release h1            -> released
            release h1            -> released
            capture h1 1 cost 1   -> hold_already_resolved
            hold h1 acme 70       -> released
            balance customer/acme/usd -> credits 100 debits 0 held 0
            hold h2 acme 100      -> held usd:100
            """,
        ),
        Table(
            "a hold expires when its lease has run out, unless it lives",
            """
            grant g1 acme usd 100   -> credits 100 debits 0 held 0
            hold h1 acme 10 lease 30 -> held usd:10
            hold h2 acme 10 lease 20 -> held usd:10
            hold h3 acme 10 lease 10 -> held usd:10
            hold h4 acme 10 lease 40 -> held usd:10
            expire 10               ->
            renew h3 35             -> ok
            expire 31 h2            -> h1
            expire 31 h2            ->
            expire 99               -> h2 h3
            expire 99               -> h4
            expire 99               ->
            release h1              -> hold_already_resolved
            capture h1 1 cost 0     -> hold_already_resolved
            renew h1 99             -> ok
            renew missing 99        -> ok
            balance customer/acme/usd -> credits 100 debits 0 held 0
            """,
        ),
        Table(
            "a hold draws on the dollar assets in their order, in parts",
            """
            grant g1 acme pathusd 30 -> credits 30 debits 0 held 0
            grant g2 acme usd 20     -> credits 20 debits 0 held 0
            grant g3 acme usdc 10    -> credits 10 debits 0 held 0
            funds acme               -> dollars 60 sol 0 spendable 60
            hold h0 acme 61          -> insufficient_funds available 60 needed 61
            hold h1 acme 35          -> held usdc:10 usd:20 pathusd:5
            hold h2 acme 25          -> held pathusd:25
            capture h1 12 cost 11    -> captured 12
            transfers h1             -> cost 10 usdc cost 1 usd margin 1 usd
            balance customer/acme/usdc -> credits 10 debits 10 held 0
            balance customer/acme/usd  -> credits 20 debits 2 held 0
            balance customer/acme/pathusd -> credits 30 debits 0 held 25
            release h2               -> released
            hold h3 acme 48          -> held usd:18 pathusd:30
            capture h3 50 cost 49    -> captured 48
            transfers h3             -> cost 18 usd cost 30 pathusd overrun_cost 1 pathusd overrun_margin 1 pathusd
            """,
        ),
        Table(
            "SOL covers whole holds at the operator's rate, rounded up",
            """
            grant g1 acme sol 1000   -> credits 1000 debits 0 held 0
            grant g2 acme usd 5      -> credits 5 debits 0 held 0
            hold h1 acme 6           -> insufficient_funds available 5 needed 6
            rate 150000000           -> ok
            funds acme               -> dollars 5 sol 150 spendable 150
            hold h1 acme 151         -> insufficient_funds available 150 needed 151
            hold h1 acme 100         -> held sol:667
            hold h2 acme 5           -> held usd:5
            hold h3 acme 50          -> insufficient_funds available 49 needed 50
            hold h3 acme 49          -> held sol:327
            capture h1 10 cost 9     -> captured 10
            transfers h1             -> cost 60 sol margin 7 sol
            balance customer/acme/sol -> credits 1000 debits 67 held 327
            rate none                -> ok
            capture h3 60 cost 55    -> captured 49
            transfers h3             -> cost 327 sol overrun_cost 40 sol overrun_margin 34 sol
            hold h4 acme 1           -> insufficient_funds available 0 needed 1
            """,
        ),
    ]

    @Test(arguments: tables)
    func `every event has the outcome it must have`(_ table: Table) throws {
        var ledger = LedgerTable()
        try ledger.run(table.rows)
    }
}
