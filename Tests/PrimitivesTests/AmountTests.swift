import Primitives
import Testing

struct AmountTests {
    @Test func `a sum that does not fit is none`() {
        #expect(Amount(.max).adding(Amount(1)) == nil)
        #expect(Amount(.max).adding(.zero) == Amount(.max))
        #expect(Amount(2).adding(Amount(3)) == Amount(5))
    }

    @Test func `a difference below zero is none`() {
        #expect(Amount(2).subtracting(Amount(3)) == nil)
        #expect(Amount(3).subtracting(Amount(3)) == .zero)
        #expect(Amount(2).subtractingOrZero(Amount(3)) == .zero)
        #expect(Amount(5).subtractingOrZero(Amount(3)) == Amount(2))
    }

    @Test func `a negative amount stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = Amount(-1) }
    }

    @Test func `the dollar assets are spent in their order and count micro-USD`() {
        #expect(Asset.dollars == [.usdc, .usd, .pathusd])
        #expect(Asset.dollars.allSatisfy { $0.decimals == 6 })
        #expect(Asset.sol.decimals == 9)
    }
}
