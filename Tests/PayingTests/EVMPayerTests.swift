import ChainFormats
import Deposits
import GatewayTestKit
import Identity
import Primitives
import Testing
import Watching
import Withdrawals

@testable import Paying

/// What a treasury pays out over a chain that a test makes block by block, and nodes that lag or lie.
struct EVMPayerTests {
    private static func key(_ byte: UInt8) -> EVMKey {
        guard let key = EVMKey(String(repeating: Hexadecimal.text([byte]), count: 32)) else {
            preconditionFailure("it is a key")
        }
        return key
    }

    private static func address(_ byte: UInt8) -> EVMAddress {
        guard let address = EVMAddress(bytes: Array(repeating: byte, count: 20)) else {
            preconditionFailure("twenty bytes are an address")
        }
        return address
    }

    private let chain = HandTreasury()
    private let order = Withdrawal.Order.sample("w", 40, .pathusd, wallet: .sample(9))

    private func payer(
        _ key: EVMKey = Self.key(7),
        nodes: [HandTreasury]? = nil,
        quorum: Int = 1,
    ) -> EVMPayer<HandTreasury> {
        let treasury = EVMTreasury(
            chain: "base",
            chainID: chain.chainID,
            address: key.address,
            tokens: [Self.address(2): .pathusd],
        )
        var watching = EVMWatching(treasury, finality: .finalized)
        watching.quorum = quorum
        return EVMPayer(watching, nodes: nodes ?? [chain], key: key)
    }

    private func sent(
        _ payer: EVMPayer<HandTreasury>,
        beside waiting: [Withdrawal.Payment] = [],
    ) async throws -> Withdrawal.Payment {
        let payment = try await payer.sign(order, beside: waiting, at: .second(0))
        try await payer.send(payment)
        return payment
    }

    private static func minute(_ minute: Int64) -> Timestamp { .second(60 * minute) }

    @Test func `a transfer is confirmed when its block is final, and not before`() async throws {
        let payer = payer()
        let payment = try await sent(payer)
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        chain.mine()
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        chain.finalise()
        let found = try #require(try await payer.outcome(of: payment, order, at: .second(99)))
        #expect(found.transaction == payment.transaction)
        guard case .confirmed(_, nil) = found.outcome else {
            Issue.record("\(found.outcome)")
            return
        }
    }

    @Test func `what a reorganisation took is not paid, and lands again or is sent again`()
        async throws
    {
        let payer = payer()
        let payment = try await sent(payer)
        chain.mine()
        chain.reorganise(forgetting: true)
        chain.mineEmpty(2)
        chain.finalise()
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        try await payer.send(payment)
        chain.mine()
        chain.finalise()
        #expect(
            try await payer.outcome(of: payment, order, at: .second(99))?.transaction
                == payment.transaction
        )
    }

    @Test func `a transfer that its token refuses has failed when it is final`() async throws {
        let payer = payer()
        chain.failTransfers()
        let payment = try await sent(payer)
        chain.mine()
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        chain.finalise()
        guard
            case .failed(_, nil)? = try await payer.outcome(of: payment, order, at: .second(99))?
                .outcome
        else {
            Issue.record("it has not failed")
            return
        }
    }

    // MARK: Once more

    @Test func `what may land yet is signed once more for its own nonce, until that is gone`()
        async throws
    {
        let payer = payer()
        let old = try await sent(payer)
        let again = try #require(try await payer.again(old, at: .second(1)))
        #expect(again.place == old.place && again.replaced == [old.transaction])
        #expect(again.transaction != old.transaction)
        chain.mine()
        #expect(try await payer.again(old, at: .second(2)) == nil)
    }

    @Test func `no two withdrawals of one amount to one wallet are the same transaction`()
        async throws
    {
        let other = Withdrawal.Order.sample("x", 40, .pathusd, wallet: .sample(9))
        let (one, two) = try await (
            payer().sign(order, beside: [], at: .second(0)),
            payer().sign(other, beside: [], at: .second(0)),
        )
        #expect(one.place == two.place && one.transaction != two.transaction)
    }

    // MARK: Fees

    @Test func `what offers too little is signed anew for its nonce, and either is its landing`()
        async throws
    {
        for landsLast in [true, false] {
            let (chain, first) = (chain, payer())
            let old = try await sent(first)
            chain.price(40_000_000_000, 20)
            #expect(try await first.replacement(of: old, at: .second(599)) == nil)
            let new = try #require(try await first.replacement(of: old, at: Self.minute(10)))
            #expect(new.place == old.place && new.replaced == [old.transaction])
            #expect(new.signedAt == Self.minute(10))
            // An eighth more of each, so that nodes take it in the other's place.
            let (was, now) = try (
                #require(SignedEVMTransaction(old.raw)).transaction,
                #require(SignedEVMTransaction(new.raw)).transaction,
            )
            #expect(now.highestFee >= 160_000_000_000 && now.priorityFee > was.priorityFee)
            #expect((now.nonce, now.gas, now.to) == (was.nonce, was.gas, was.to))
            #expect(now.data == was.data)
            try await first.send(new)
            chain.mine(without: [landsLast ? old.transaction : new.transaction])
            chain.finalise()
            let found = try await first.outcome(of: new, order, at: .second(99))
            #expect(found?.transaction == (landsLast ? new : old).transaction)
            chain.price(1_000_000_000, 10)
        }
    }

    @Test(
        arguments: [
            (1_000_000_000, 10, false), (3_999_999_990, 10, false), (4_000_000_001, 10, true),
            (1, 11, true),
        ]
            as [(UInt64, UInt64, Bool)]
    )
    func `another is signed where a block asks more than is offered, and else none`(
        _ base: UInt64,
        _ priority: UInt64,
        _ isRaised: Bool,
    ) async throws {
        let payer = payer()
        let payment = try await sent(payer)
        chain.price(base, priority)
        let replacement = try await payer.replacement(of: payment, at: Self.minute(60))
        #expect((replacement != nil) == isRaised)
    }

    @Test func `nothing is signed that costs more than a twentieth of a coin`() async throws {
        let payer = payer()
        let payment = try await sent(payer)
        for (base, priority) in [(UInt64.max, 10), (10, .max), (1_000_000_000_000, 1)]
            as [(UInt64, UInt64)]
        {
            chain.price(base, priority)
            #expect(try await payer.replacement(of: payment, at: Self.minute(60)) == nil)
            await #expect(throws: RPCFailure.self) {
                try await payer.sign(order, beside: [], at: .second(0))
            }
        }
    }

    // MARK: Nonces

    @Test func `each has a nonce of its own, beside what waits and before a node that lags`()
        async throws
    {
        let payer = payer()
        let first = try await sent(payer)
        let second = try await sent(payer, beside: [first])
        #expect((first.place, second.place) == (0, 1))
        chain.mine()
        chain.mine()
        chain.finalise()
        #expect(try await payer.outcome(of: second, order, at: .second(99)) != nil)
        chain.lag(2)
        #expect(try await payer.sign(order, beside: [], at: .second(1)).place == 2)
    }

    @Test func `a nonce is another's after 32 final blocks, and not while anybody has a receipt`()
        async throws
    {
        let (liar, payer) = (chain, payer())
        let payment = try await sent(payer)
        chain.mine()
        chain.finalise()
        liar.hideReceipts(true)
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        chain.mineEmpty(31)
        chain.finalise()
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        liar.hideReceipts(false)
        #expect(
            try await payer.outcome(of: payment, order, at: .second(99))?.transaction
                == payment.transaction
        )
    }

    @Test func `what a witness has a receipt of is not another's`() async throws {
        let honest = HandTreasury()
        let payer = payer(nodes: [chain, honest])
        let payment = try await sent(payer)
        _ = try await honest.call(
            "eth_sendRawTransaction",
            [.text(EVMHex.text(payment.raw))],
            as: String.self,
        )
        honest.mine()
        chain.mine()
        chain.hideReceipts(true)
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        chain.mineEmpty(40)
        chain.finalise()
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        honest.hideReceipts(true)
        // Nor is it, before it is long gone there as well.
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        honest.mineEmpty(40)
        honest.finalise()
        guard case .failed? = try await payer.outcome(of: payment, order, at: .second(99))?.outcome
        else {
            Issue.record("nobody has it, and its nonce is gone")
            return
        }
    }

    @Test(arguments: [(true, false, 1, true), (true, false, 2, false), (true, true, 2, true)])
    func `what becomes of a transfer is what so many nodes say of its receipt`(
        _ first: Bool,
        _ second: Bool,
        _ quorum: Int,
        _ isDecided: Bool,
    ) async throws {
        let witness = HandTreasury()
        let payer = payer(nodes: [chain, witness], quorum: quorum)
        if first { chain.failTransfers() }
        if second { witness.failTransfers() }
        let payment = try await sent(payer)
        _ = try await witness.call(
            "eth_sendRawTransaction",
            [.text(EVMHex.text(payment.raw))],
            as: String.self,
        )
        for node in [chain, witness] {
            node.mine()
            node.finalise()
        }
        #expect((try await payer.outcome(of: payment, order, at: .second(99)) != nil) == isDecided)
    }

    @Test func `a transfer is settled when as many nodes call its block final as have to agree`()
        async throws
    {
        let witness = HandTreasury()
        let payer = payer(nodes: [chain, witness], quorum: 2)
        let payment = try await sent(payer)
        _ = try await witness.call(
            "eth_sendRawTransaction",
            [.text(EVMHex.text(payment.raw))],
            as: String.self,
        )
        for node in [chain, witness] { node.mine() }
        chain.finalise()
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        witness.finalise()
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) != nil)
    }

    @Test func `a nonce that another program used fails the transfer, never at once`() async throws
    {
        let payer = payer()
        let payment = try await sent(payer)
        chain.useNonce(0)
        chain.mineEmpty(1)
        chain.finalise()
        #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
        chain.mineEmpty(32)
        chain.finalise()
        guard
            case .failed(let reason, nil)? = try await payer.outcome(
                of: payment,
                order,
                at: .second(99),
            )?.outcome
        else {
            Issue.record("it has not failed")
            return
        }
        #expect(reason.contains("nonce"))
    }

    @Test func `that a nonce is another's is no word of one node alone`() async throws {
        let honest = HandTreasury()
        let payer = payer(nodes: [chain, honest])
        let payment = try await sent(payer)
        chain.useNonce(0)
        for node in [chain, honest] {
            node.mineEmpty(80)
            node.finalise()
        }
        for _ in 0..<3 {
            #expect(try await payer.outcome(of: payment, order, at: .second(99)) == nil)
            chain.mineEmpty(40)
            chain.finalise()
        }
    }

    @Test func `what has landed is not signed anew, before it is final either`() async throws {
        let payer = payer()
        let payment = try await sent(payer)
        chain.mine()
        chain.price(40_000_000_000, 20)
        #expect(try await payer.replacement(of: payment, at: Self.minute(60)) == nil)
    }

    // MARK: Another treasury

    @Test func `a new treasury begins with nonces of its own`() async throws {
        let (old, new) = (payer(), payer(Self.key(8)))
        let first = try await sent(old)
        let second = try await sent(old, beside: [first])
        #expect(try await new.sign(order, beside: [first, second], at: .second(1)).place == 0)
        chain.mine()
        chain.mine()
        chain.finalise()
        #expect(try await new.outcome(of: second, order, at: .second(99)) != nil)
        #expect(try await new.sign(order, beside: [], at: .second(2)).place == 0)
    }

    @Test func `what the treasury of before signed is followed, and not signed anew`() async throws
    {
        let payment = try await sent(payer())
        let other = payer(Self.key(8))
        chain.price(40_000_000_000, 20)
        #expect(try await other.replacement(of: payment, at: Self.minute(60)) == nil)
        chain.mine()
        chain.finalise()
        guard
            case .confirmed? = try await other.outcome(of: payment, order, at: .second(99))?.outcome
        else {
            Issue.record("what was paid is not seen")
            return
        }
    }
}
