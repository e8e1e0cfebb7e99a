/// Whether 32 bytes are a point of the curve of Ed25519: only then somebody may have a secret for them.
///
/// An address that a program owns is one that is not a point. Source: RFC 8032, section 5.1.3: the
/// bytes are a `y`, and are a point where (y² − 1) ÷ (dy² + 1) is a square. Nothing here is secret, so
/// nothing is done in constant time.
enum EdwardsCurve {
    static func isPoint(_ bytes: [UInt8]) -> Bool {
        let y = FieldElement(littleEndian: bytes)
        let squared = y * y
        let numerator = squared - .one
        let denominator = squared * d + .one
        // u/v is a square where u·v is one, as v is never zero.
        let candidate = numerator * denominator
        return candidate == .zero || candidate.raised(to: halfOrder) == .one
    }

    /// −121665 ÷ 121666.
    private static let d = FieldElement(littleEndian: [
        0xA3, 0x78, 0x59, 0x13, 0xCA, 0x4D, 0xEB, 0x75, 0xAB, 0xD8, 0x41, 0x41, 0x4D, 0x0A, 0x70,
        0x00, 0x98, 0xE8, 0x79, 0x77, 0x79, 0x40, 0xC7, 0x8C, 0x73, 0xFE, 0x6F, 0x2B, 0xEE, 0x6C,
        0x03, 0x52,
    ])

    /// (p − 1) ÷ 2 = 2²⁵⁴ − 10, in words from the lowest.
    private static let halfOrder: [UInt64] = [
        0xFFFF_FFFF_FFFF_FFF6, .max, .max, 0x3FFF_FFFF_FFFF_FFFF,
    ]
}

/// A number below 2²⁵⁵ − 19.
struct FieldElement: Hashable {
    /// From the lowest; always below the prime.
    private let words: [UInt64]

    static let zero = FieldElement(reducing: [0, 0, 0, 0])
    static let one = FieldElement(reducing: [1, 0, 0, 0])
    private static let prime: [UInt64] = [
        0xFFFF_FFFF_FFFF_FFED, .max, .max, 0x7FFF_FFFF_FFFF_FFFF,
    ]

    /// 32 bytes from the lowest; the highest bit is not the number's.
    init(littleEndian bytes: [UInt8]) {
        var words = (0..<4).map { (word: Int) -> UInt64 in
            let parts = bytes[(8 * word)..<(8 * word + 8)].reversed()
            return parts.reduce(0) { (sum: UInt64, byte: UInt8) in sum << 8 | UInt64(byte) }
        }
        words[3] &= 0x7FFF_FFFF_FFFF_FFFF
        self.init(reducing: words)
    }

    /// Takes the prime away as often as it is in four words.
    private init(reducing words: [UInt64]) {
        var words = words
        while true {
            let (rest, isBelow) = FieldElement.subtracting(FieldElement.prime, from: words)
            if isBelow { break }
            words = rest
        }
        self.words = words
    }

    private static func subtracting(
        _ rhs: [UInt64],
        from lhs: [UInt64],
    ) -> (words: [UInt64], isBelow: Bool) {
        var (rest, borrow) = ([UInt64](), UInt64(0))
        for (left, right) in zip(lhs, rhs) {
            let (first, under) = left.subtractingReportingOverflow(right)
            let (second, underAgain) = first.subtractingReportingOverflow(borrow)
            rest.append(second)
            borrow = under || underAgain ? 1 : 0
        }
        return (rest, borrow == 1)
    }

    static func + (lhs: FieldElement, rhs: FieldElement) -> FieldElement {
        var (sum, carry) = ([UInt64](), UInt128(0))
        for (left, right) in zip(lhs.words, rhs.words) {
            // Both are below 2²⁵⁵, so nothing is carried out of the last word.
            carry += UInt128(left) + UInt128(right)
            sum.append(UInt64(truncatingIfNeeded: carry))
            carry >>= 64
        }
        return FieldElement(reducing: sum)
    }

    static func - (lhs: FieldElement, rhs: FieldElement) -> FieldElement {
        lhs + FieldElement(reducing: subtracting(rhs.words, from: prime).words)
    }

    static func * (lhs: FieldElement, rhs: FieldElement) -> FieldElement {
        var product = [UInt64](repeating: 0, count: 8)
        for (i, left) in lhs.words.enumerated() {
            var carry: UInt128 = 0
            for (j, right) in rhs.words.enumerated() {
                carry += UInt128(left) * UInt128(right) + UInt128(product[i + j])
                product[i + j] = UInt64(truncatingIfNeeded: carry)
                carry >>= 64
            }
            product[i + 4] = UInt64(truncatingIfNeeded: carry)
        }
        // 2²⁵⁶ is 38 more than a multiple of the prime, twice.
        var low = Array(product[..<4])
        var high = Array(product[4...])
        while high.contains(where: { $0 != 0 }) {
            var carry: UInt128 = 0
            for place in 0..<4 {
                carry += UInt128(high[place]) * 38 + UInt128(low[place])
                low[place] = UInt64(truncatingIfNeeded: carry)
                carry >>= 64
            }
            high = [UInt64(truncatingIfNeeded: carry), 0, 0, 0]
        }
        return FieldElement(reducing: low)
    }

    func raised(to exponent: [UInt64]) -> FieldElement {
        var result = FieldElement.one
        for word in exponent.reversed() {
            for bit in (0..<64).reversed() {
                result = result * result
                if word >> UInt64(bit) & 1 == 1 { result = result * self }
            }
        }
        return result
    }
}
