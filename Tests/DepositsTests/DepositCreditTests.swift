import Deposits
import GatewayTestKit
import Ledger
import Primitives
import Testing

struct DepositCreditTests {
    private static let credited = "custody/base/usdc -100, customer/acme/usdc 100"
    private static let suspended = "custody/base/usdc -100, suspense/usdc 100"

    @Test func `what may yet be taken back is not in the books`() throws {
        var scene = try DepositScene()
        try scene.see(1)
        try scene.see(2)
        #expect(scene.money == "")
        #expect(scene.deposit?.state == .seen && scene.kinds == [.seen, .seen])
        try scene.audit()
    }

    @Test func `a final deposit is credited to the customer whose code it names`() throws {
        var scene = try DepositScene()
        try scene.see(1)
        try scene.finish(1)
        #expect(scene.money == DepositCreditTests.credited)
        #expect(scene.deposit?.state == .credited("acme"))
        #expect(scene.kinds == [.seen, .confirmed, .credited])
        try scene.audit()
    }

    @Test func `a deposit that is told a hundred times is credited once`() throws {
        var scene = try DepositScene()
        for block in 1...50 {
            try scene.finish(1)
            try scene.see(Int64(block))
        }
        #expect(scene.money == DepositCreditTests.credited)
        #expect(scene.kinds == [.confirmed, .credited])
        #expect(scene.newSteps == [])
        try scene.audit()
    }

    @Test func `a deposit that is final in another block is credited once`() throws {
        var scene = try DepositScene()
        try scene.finish(1)
        try scene.finish(2)
        #expect(scene.money == DepositCreditTests.credited)
        #expect(scene.kinds == [.confirmed, .credited, .confirmed])
        #expect(scene.deposit?.block == BlockReference.sample(2))
    }

    @Test(arguments: [" \(DepositScene.code("acme"))\n", DepositScene.code("acme").uppercased()])
    func `case and blanks around a code say nothing`(_ code: String) throws {
        var scene = try DepositScene()
        try scene.finish(1, DepositScene.event(code: code))
        #expect(scene.deposit?.state == .credited("acme"))
    }

    @Test func `a deposit without a code is the one's whose wallet sent it`() throws {
        var scene = try DepositScene()
        try scene.books.bind(Wallet.sample(9), to: "acme", at: .second(0))
        try scene.finish(1, DepositScene.event(sender: 9, code: nil))
        #expect(scene.money == DepositCreditTests.credited)
    }

    @Test func `a code is believed before a sender, even one that is nobody's`() throws {
        var scene = try DepositScene()
        try scene.books.bind(Wallet.sample(9), to: "other", at: .second(0))
        try scene.finish(1, DepositScene.event(sender: 9))
        #expect(scene.deposit?.state == .credited("acme"))
        scene = try DepositScene()
        try scene.books.bind(Wallet.sample(9), to: "other", at: .second(0))
        try scene.finish(1, DepositScene.event(sender: 9, code: "nonsense"))
        #expect(scene.deposit?.state == .suspended(.unknownCode))
    }

    @Test(arguments: [
        (DepositScene.event(code: "nonsense"), Deposit.Suspicion.unknownCode),
        (DepositScene.event(code: nil), .unknownSender),
        (DepositScene.event(sender: 9, code: nil), .unknownSender),
    ])
    func `what matches nobody waits in suspense`(
        _ event: DepositEvent,
        _ suspicion: Deposit.Suspicion,
    ) throws {
        var scene = try DepositScene()
        try scene.finish(1, event)
        try scene.finish(1, event)
        #expect(scene.deposit?.state == .suspended(suspicion))
        #expect(scene.money == DepositCreditTests.suspended)
        #expect(scene.kinds == [.confirmed, .suspended])
        try scene.audit()
    }

    @Test func `a wallet that is bound later owns what waits for it`() throws {
        var scene = try DepositScene()
        let event = DepositScene.event(sender: 9, code: nil)
        try scene.finish(1, event)
        try scene.books.bind(Wallet.sample(9), to: "acme", at: .second(0))
        try scene.see(1, event)
        #expect(scene.money == DepositCreditTests.suspended)
        try scene.finish(1, event)
        try scene.finish(1, event)
        #expect(scene.money == DepositCreditTests.credited)
        #expect(scene.kinds == [.confirmed, .suspended, .credited])
        try scene.audit()
    }

    @Test func `what one source leaves out another adds`() throws {
        var scene = try DepositScene()
        try scene.see(1, DepositScene.event(code: nil))
        try scene.see(1)
        try scene.finish(1, DepositScene.event(sender: 9, code: nil))
        #expect(scene.deposit?.state == .credited("acme"))
        #expect(scene.deposit?.event.sender == Wallet.sample(9))
        #expect(scene.deposit?.isDisputed == false)
    }

    @Test func `what waits says why, by all that is known of it`() throws {
        var scene = try DepositScene()
        try scene.finish(1, DepositScene.event(sender: 9, code: nil))
        try scene.finish(1, DepositScene.event(sender: 9, code: "nonsense"))
        #expect(scene.deposit?.state == .suspended(.unknownCode))
        #expect(scene.kinds == [.confirmed, .suspended, .suspended])
        try scene.audit()
    }

    @Test func `the first customer that proves a wallet keeps it`() throws {
        var scene = try DepositScene()
        let wallet = Wallet.sample(9)
        #expect(throws: DepositError.depositCustomerNotFound) {
            try scene.books.bind(wallet, to: "nobody", at: .second(0))
        }
        try scene.books.bind(wallet, to: "acme", at: .second(0))
        try scene.books.bind(wallet, to: "acme", at: .second(1))
        #expect(throws: DepositError.walletBoundToAnother) {
            try scene.books.bind(wallet, to: "other", at: .second(2))
        }
        #expect(scene.books.customer(ofWallet: wallet) == "acme")
    }

    @Test func `lamports and dollars stay in their own books`() throws {
        var scene = try DepositScene()
        try scene.finish(1, DepositScene.event(7, .sol))
        #expect(scene.money == "custody/base/sol -7, customer/acme/sol 7")
        try scene.audit()
    }

    @Test func `nothing is no deposit`() throws {
        var scene = try DepositScene()
        #expect(throws: DepositError.depositIsEmpty) {
            try scene.finish(1, DepositScene.event(0))
        }
        #expect(scene.deposit == nil && scene.books.writeCount == 2)
    }

    @Test func `what the accounts cannot count is refused before anything is written`() throws {
        var scene = try DepositScene()
        let most = Amount(.max)
        _ = try scene.books.give(.sample("g", to: "acme", most, .usdc), at: .second(0))
        let before = scene.books.writeCount
        #expect(throws: LedgerError.overflow(.customer("acme", .usdc))) { try scene.finish(1) }
        #expect(scene.deposit == nil && scene.books.writeCount == before)
        #expect(throws: Never.self) { try scene.finish(1, DepositScene.event(code: "nonsense")) }
        #expect(throws: LedgerError.overflow(.customer("acme", .usdc))) {
            try scene.assign("acme")
        }
        #expect(scene.money.contains("suspense/usdc 100"))
        try scene.audit()
    }

    @Test func `the largest amount there is is credited`() throws {
        var scene = try DepositScene()
        try scene.finish(1, DepositScene.event(Amount(.max)))
        #expect(scene.money.hasSuffix("customer/acme/usdc \(Int64.max)"))
        try scene.audit()
    }
}
