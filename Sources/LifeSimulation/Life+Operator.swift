import Gateway
import GatewayTestKit
import Ledger
import Pricing
import Primitives
import Receipts
import Simulation

/// What an operator does while inferences run, and what happens to its clock.
struct OperatorPlan: Sendable {
    /// Milliseconds before it begins, and before it goes on.
    let after: Int
    let pause: Int
    let publishes: Bool
    let grants: Bool
    let refunds: Bool
    /// By how much the wall clock is turned, twice.
    let turns: [Duration]

    init(_ dice: inout Dice) {
        after = dice.below(600)
        pause = dice.below(1500)
        publishes = dice.oneIn(2)
        grants = dice.oneIn(3)
        refunds = dice.oneIn(3)
        turns = (0..<2).map { _ in
            dice.oneIn(4) ? .seconds(dice.below(400_000) - 200_000) : .zero
        }
    }
}

extension Life {
    /// Publishes other prices, grants, refunds, and has the wall clock turned.
    func operate() async {
        let plan = world.operatorPlan
        do {
            try await world.clock.sleep(for: .milliseconds(plan.after))
            if plan.publishes {
                let card = try RateCardDraft.sample("sample-2", markup: 5000)
                try await services.operations.publish(card)
            }
            world.turnClock(by: plan.turns[0])
            if plan.grants { try await grantTwice() }
            try await world.clock.sleep(for: .milliseconds(plan.pause))
            if plan.refunds { try await refundTwice() }
            world.turnClock(by: plan.turns[1])
        } catch {
            // The process died first, or everybody is done.
        }
    }

    /// The same grant, told twice, in each life.
    private func grantTwice() async throws {
        let order = GrantOrder(id: "extra", customer: "c0", amount: "0.0005", asset: "usd")
        for _ in 0..<2 {
            _ = try await services.operations.grant(order)
            world.acknowledgeGrant(in: self)
        }
    }

    /// The same refund of what was charged first, told twice.
    private func refundTwice() async throws {
        let charged = store.books.receipts.values.filter { $0.charge > .zero }
        guard let first = charged.map(\.id.description).min() else { return }
        for _ in 0..<2 {
            _ = try await services.operations.refund(RefundOrder(inference: first))
        }
    }
}
