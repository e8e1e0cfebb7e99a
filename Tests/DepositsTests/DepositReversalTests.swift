import Deposits
import GatewayTestKit
import Ledger
import Primitives
import Testing

struct DepositReversalTests {
    private static let credited = "custody/base/usdc -100, customer/acme/usdc 100"
    private static let suspended = "custody/base/usdc -100, suspense/usdc 100"

    @Test func `a drop before the credit moves no money, and the deposit may return`() throws {
        var scene = try DepositScene()
        try scene.see(1)
        try scene.drop(1)
        #expect(scene.deposit?.state == .reversed(.seen) && scene.money == "")
        try scene.audit()
        try scene.see(2)
        #expect(scene.deposit?.state == .seen)
        try scene.finish(2)
        #expect(scene.money == DepositReversalTests.credited)
        try scene.audit()
    }

    @Test func `another event may take the place of one that was never final`() throws {
        var scene = try DepositScene()
        try scene.see(1)
        try scene.drop(1)
        try scene.finish(2, DepositScene.event(70))
        #expect(scene.money == "custody/base/usdc -70, customer/acme/usdc 70")
        #expect(scene.deposit?.isDisputed == false)
    }

    @Test func `a drop that comes first, late, or of another block does nothing`() throws {
        var scene = try DepositScene()
        try scene.drop(1)
        #expect(scene.deposit == nil)
        try scene.see(1)
        try scene.finish(2)
        try scene.drop(1)
        #expect(scene.money == DepositReversalTests.credited && scene.newSteps == [])
        try scene.drop(2)
        try scene.finish(3)
        try scene.drop(2)
        #expect(scene.money == DepositReversalTests.credited)
        try scene.audit()
    }

    @Test func `a credited deposit that leaves the chain goes back into suspense`() throws {
        var scene = try DepositScene()
        try scene.finish(1)
        try scene.drop(1)
        try scene.drop(1)
        #expect(scene.money == DepositReversalTests.suspended)
        #expect(scene.deposit?.state == .reversed(.credited("acme", lost: 0)))
        #expect(scene.kinds == [.confirmed, .credited, .reversed])
        try scene.audit()
    }

    @Test func `a reversal is an alert, a credit is none`() throws {
        var scene = try DepositScene()
        try scene.finish(1)
        #expect(!DepositOutcome.isAlert(scene.newSteps))
        try scene.drop(1)
        #expect(DepositOutcome.isAlert(scene.newSteps))
    }

    @Test func `what was spent or is held of a reversed deposit is the operator's loss`() throws {
        var scene = try DepositScene()
        try scene.finish(1)
        try scene.spend(30, of: "acme")
        try scene.place("open", 25, of: "acme")
        try scene.drop(1)
        #expect(scene.deposit?.state == .reversed(.credited("acme", lost: 55)))
        let balance = scene.books.balance(of: .customer("acme", .usdc))
        #expect(balance.posted == 25 && balance.held == 25)
        #expect(scene.books.balance(of: AccountID(.overrun, .usdc)).posted == -55)
        #expect(scene.books.balance(of: AccountID(.suspense, .usdc)).posted == 100)
        try scene.audit()
    }

    @Test func `a reversal takes other money of the customer before the operator's`() throws {
        var scene = try DepositScene()
        try scene.finish(1)
        try scene.spend(100, of: "acme")
        _ = try scene.books.give(.sample("g", to: "acme", 40, .usdc), at: .second(0))
        try scene.drop(1)
        #expect(scene.deposit?.state == .reversed(.credited("acme", lost: 60)))
        #expect(scene.books.balance(of: .customer("acme", .usdc)).posted == 0)
        try scene.audit()
    }

    @Test(arguments: [Amount(0), 30, 100])
    func `a deposit that returns repays the operator first, once`(_ spent: Amount) throws {
        var scene = try DepositScene()
        try scene.finish(1)
        if spent > .zero { try scene.spend(spent, of: "acme") }
        let before = scene.money
        try scene.drop(1)
        try scene.see(2)
        #expect(scene.deposit?.state == .reversed(.credited("acme", lost: spent)))
        try scene.finish(2)
        try scene.finish(2)
        #expect(scene.money == before)
        #expect(scene.deposit?.state == .credited("acme"))
        try scene.audit()
    }

    @Test func `each return gives back what its own reversal took`() throws {
        var scene = try DepositScene()
        try scene.finish(1)
        try scene.spend(30, of: "acme")
        for block in 1...4 {
            try scene.drop(Int64(block))
            #expect(scene.books.balance(of: AccountID(.overrun, .usdc)).posted == -30)
            try scene.finish(Int64(block + 1))
            #expect(scene.books.balance(of: AccountID(.overrun, .usdc)).posted == 0)
            #expect(scene.books.balance(of: .customer("acme", .usdc)).posted == 70)
        }
        try scene.audit()
    }

    @Test func `what waits in suspense stays there while its event is gone`() throws {
        var scene = try DepositScene()
        try scene.finish(1, DepositScene.event(code: "nonsense"))
        try scene.drop(1)
        #expect(scene.deposit?.state == .reversed(.suspended(.unknownCode)))
        #expect(scene.money == DepositReversalTests.suspended)
        #expect(throws: DepositError.depositNotSuspended(.reversed)) { try scene.assign("acme") }
        try scene.audit()
        try scene.finish(2, DepositScene.event(code: "nonsense"))
        #expect(scene.deposit?.state == .suspended(.unknownCode))
        try scene.assign("acme")
        #expect(scene.money == DepositReversalTests.credited)
        try scene.audit()
    }
}

extension DepositOutcome {
    static func isAlert(_ steps: [DepositStep]) -> Bool { steps.contains(where: \.kind.isAlert) }
}
