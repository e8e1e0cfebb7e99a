import Ledger
import Primitives

/// The name of an account, or of a spender, means that one and no other.
enum AccountProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        let text = String(decoding: bytes, as: UTF8.self)
        for asset in Asset.allCases {
            let owners: [AccountID.Owner] = [
                .customer(CustomerID(text)), .custody(text), .provider(text),
            ]
            for owner in owners {
                let account = AccountID(owner, asset)
                let read = AccountID(account.description)
                try demand(
                    read == nil || read == account,
                    "\(account) is read as \(read?.description ?? "")",
                )
                try demand(
                    read != nil || text.utf8.contains(UInt8(ascii: "/")),
                    "\(account) is not read back",
                )
            }
        }
        if !text.isEmpty, !text.utf8.contains(UInt8(ascii: "/")) {
            let spenders: [Spender] = [
                .customer(CustomerID(text)), .key(KeyID(text), of: CustomerID(text)),
            ]
            for spender in spenders {
                try demand(Spender(spender.description) == spender, "\(spender) is not read back")
            }
        }
        if let spender = Spender(text) {
            try demand(
                spender.description.utf8.elementsEqual(text.utf8),
                "\(text) is printed as \(spender)",
            )
        }
        guard let account = AccountID(text) else { return .refused }
        try demand(
            account.description.utf8.elementsEqual(text.utf8),
            "\(text) is printed as \(account)",
        )
        return .accepted
    }
}
