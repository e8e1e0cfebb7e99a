import Deposits
import Ledger
import Primitives

/// The name of an event, a wallet, a block and a code mean one thing or nothing, however a chain, or
/// whoever writes on it, spells them.
enum DepositProperty {
    private static let hash = "0[xX][0-9a-fA-F]{64}"
    private static let base58 = "[1-9A-HJ-NP-Za-km-z]"

    static func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        let text = String(decoding: bytes, as: UTF8.self)
        try checkCode(text)
        let wallet = Wallet(text)
        try demand(
            (wallet != nil) == matches(text, "0[xX][0-9a-fA-F]{40}|\(base58){32,44}"),
            "\(text) is \(wallet == nil ? "no" : "a") wallet",
        )
        try checkSpelling(text, wallet?.description)
        let block = BlockReference(number: 1, hash: text)
        try demand(
            (block != nil) == matches(text, "\(hash)|\(base58){32,44}"),
            "\(text) is \(block == nil ? "no" : "a") block's hash",
        )
        try checkSpelling(text, block?.hash)
        let id = DepositID(text)
        let chain = "(?=[^/]{1,32}/)[a-z0-9]([a-z0-9-]*[a-z0-9])?"
        let event = "(0|[1-9][0-9]{0,9})"
        try demand(
            (id != nil)
                == (matches(text, "\(chain)/(\(hash)|\(base58){65,88})/\(event)")
                    && text.split(separator: "/").last.flatMap { UInt32($0) } != nil),
            "\(text) is \(id == nil ? "no" : "a") deposit",
        )
        try checkSpelling(text, id?.description)
        if let id {
            try demand(DepositID(id.description) == id, "\(id) is not read back")
            try demand(
                AccountID(AccountID(.custody(id.chain), .usdc).description)?.owner
                    == .custody(id.chain),
                "custody of \(id) is not read back",
            )
        }
        return wallet != nil || block != nil || id != nil ? .accepted : .refused
    }

    /// Bytes, or hexadecimal in lower case; nothing else is changed.
    private static func checkSpelling(
        _ text: String,
        _ kept: String?,
    ) throws(BrokenProperty) {
        guard let kept else { return }
        let isHexadecimal = text.contains("0x") || text.contains("0X")
        try demand(
            kept.utf8.elementsEqual((isHexadecimal ? text.lowercased() : text).utf8),
            "\(text) is kept as \(kept)",
        )
    }

    private static func checkCode(_ text: String) throws(BrokenProperty) {
        guard let code = code(text) else { return }
        try demand((1...64).contains(code.utf8.count), "\(code) has \(code.utf8.count) bytes")
        try demand(
            code.utf8.allSatisfy { (32...126).contains($0) && !(65...90).contains($0) },
            "\(code) can not stand in the books",
        )
        try demand(self.code(code) == code || code.hasSuffix(" "), "\(code) is spelled otherwise")
        // What differs from a code of ours in more than case and blanks is none.
        let ours = text.utf8.filter { !"\r\n\t ".utf8.contains($0) }
        if matches(code, "[0-9a-f]{32}") {
            try demand(
                String(decoding: ours, as: UTF8.self).lowercased() == code,
                "\(text) becomes the code \(code)",
            )
        }
    }

    private static func code(_ text: String) -> String? {
        guard let treasury = Wallet("0x\(String(repeating: "1", count: 40))") else { return nil }
        return DepositEvent(asset: .usdc, amount: Amount(1), treasury: treasury, code: text).code
    }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let regex = try? Regex("(?:\(pattern))") else {
            preconditionFailure("\(pattern) is a pattern")
        }
        let scalars = regex.matchingSemantics(.unicodeScalar).asciiOnlyDigits()
        return text.wholeMatch(of: scalars) != nil
    }
}
