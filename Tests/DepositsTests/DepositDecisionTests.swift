import Deposits
import GatewayTestKit
import Ledger
import Primitives
import Testing

struct DepositDecisionTests {
    private static let credited = "custody/base/usdc -100, customer/acme/usdc 100"

    private func suspended() throws -> DepositScene {
        var scene = try DepositScene()
        try scene.finish(1, DepositScene.event(code: "nonsense"))
        return scene
    }

    @Test func `an operator gives a suspended deposit to a customer, once`() throws {
        var scene = try suspended()
        try scene.assign("acme")
        try scene.assign("acme")
        #expect(scene.money == DepositDecisionTests.credited)
        #expect(scene.kinds == [.confirmed, .suspended, .credited])
        #expect(scene.books.steps(of: DepositScene.id).last?.by == .operator("ann"))
        #expect(throws: DepositError.depositCreditedToAnother) { try scene.assign("other") }
        #expect(throws: DepositError.depositNotSuspended(.credited)) { try scene.reject() }
        try scene.audit()
    }

    @Test func `nothing is assigned to nobody, and nothing that is not there`() throws {
        var scene = try DepositScene()
        #expect(throws: DepositError.depositNotFound(DepositScene.id)) { try scene.assign("acme") }
        #expect(throws: DepositError.depositNotFound(DepositScene.id)) { try scene.reject() }
        try scene.see(1)
        #expect(throws: DepositError.depositNotSuspended(.seen)) { try scene.assign("acme") }
        #expect(throws: DepositError.depositNotSuspended(.seen)) { try scene.reject() }
        try scene.drop(1)
        #expect(throws: DepositError.depositNotSuspended(.reversed)) { try scene.reject() }
        scene = try suspended()
        #expect(throws: DepositError.depositCustomerNotFound) { try scene.assign("nobody") }
    }

    @Test func `a rejected deposit is owed to its sender`() throws {
        var scene = try suspended()
        try scene.reject("not ours\u{7}")
        try scene.reject("again")
        #expect(scene.money == "custody/base/usdc -100, payout/usdc 100")
        #expect(scene.deposit?.state == .rejected(reason: "not ours?", gone: nil))
        #expect(throws: DepositError.depositNotSuspended(.rejected)) { try scene.assign("acme") }
        try scene.audit()
    }

    @Test func `a rejected deposit that left the chain is out of the books`() throws {
        var scene = try suspended()
        try scene.drop(1)
        try scene.reject()
        #expect(scene.money == "")
        try scene.audit()
    }

    @Test func `the operator's loss stands when a reversed deposit is given up`() throws {
        var scene = try DepositScene()
        try scene.finish(1)
        try scene.spend(30, of: "acme")
        try scene.drop(1)
        try scene.reject("gone")
        #expect(scene.money == "overrun/usdc -30, provider/openai/usdc 30")
        try scene.audit()
    }

    @Test func `nothing follows a rejection, but it is told`() throws {
        var scene = try suspended()
        try scene.reject()
        let money = scene.money
        try scene.finish(1)
        #expect(scene.newSteps.map(\.kind) == [.conflict])
        try scene.drop(1)
        #expect(scene.newSteps.map(\.kind) == [.conflict])
        try scene.finish(2, DepositScene.event(code: "nonsense"))
        #expect(scene.newSteps.map(\.kind) == [.conflict])
        #expect(scene.money == money)
        try scene.audit()
    }

    @Test(arguments: [
        DepositScene.event(70), DepositScene.event(100, .sol),
        DepositScene.event(code: DepositScene.code("other")),
        DepositEvent(
            asset: .usdc,
            amount: 100,
            treasury: Wallet.sample(2),
            code: DepositScene.code("acme"),
        ),
    ])
    func `what contradicts a credited deposit moves nothing and is told once`(
        _ event: DepositEvent
    ) throws {
        var scene = try DepositScene()
        try scene.finish(1)
        try scene.finish(1, event)
        #expect(scene.newSteps.map(\.kind) == [.conflict])
        try scene.finish(1, event)
        #expect(scene.newSteps == [] && scene.money == DepositDecisionTests.credited)
        #expect(scene.deposit?.event == DepositScene.event())
        #expect(scene.deposit?.isDisputed == true)
        try scene.audit()
    }

    @Test func `another sender contradicts, one that is not known does not`() throws {
        var scene = try DepositScene()
        try scene.finish(1, DepositScene.event(sender: 9))
        try scene.finish(1)
        #expect(scene.newSteps == [])
        try scene.finish(1, DepositScene.event(sender: 8))
        #expect(scene.newSteps.map(\.kind) == [.conflict])
    }

    @Test(arguments: [true, false])
    func `a deposit that was told in two ways goes to suspense, as it was final`(
        _ isToldFinally: Bool
    ) throws {
        var scene = try DepositScene()
        try scene.see(1, DepositScene.event(70))
        if isToldFinally {
            try scene.finish(1)
        } else {
            try scene.see(1)
            #expect(scene.deposit?.event.amount == 70 && scene.money == "")
            try scene.finish(1)
        }
        #expect(scene.deposit?.state == .suspended(.conflict))
        #expect(scene.money == "custody/base/usdc -100, suspense/usdc 100")
        try scene.finish(1)
        #expect(scene.deposit?.state == .suspended(.conflict))
        try scene.assign("acme")
        #expect(scene.money == DepositDecisionTests.credited)
        try scene.audit()
    }

    @Test func `what is contradicted in suspense waits for an operator`() throws {
        var scene = try DepositScene()
        let event = DepositScene.event(sender: 9, code: nil)
        try scene.finish(1, event)
        try scene.finish(1, DepositScene.event(70, sender: 9, code: nil))
        try scene.drop(1)
        #expect(scene.deposit?.state == .reversed(.suspended(.conflict)))
        try scene.books.bind(Wallet.sample(9), to: "acme", at: .second(0))
        try scene.finish(2, event)
        #expect(scene.deposit?.state == .suspended(.conflict))
        try scene.audit()
    }

    @Test func `who tells stories about a deposit does not fill the books`() throws {
        var scene = try DepositScene()
        for amount in 1...500 { try scene.see(1, DepositScene.event(Amount(Int64(amount)))) }
        #expect(scene.kinds.count == 50)
        try scene.finish(1)
        try scene.drop(1)
        #expect(scene.kinds.suffix(3) == [.confirmed, .suspended, .reversed])
        try scene.audit()
    }
}
