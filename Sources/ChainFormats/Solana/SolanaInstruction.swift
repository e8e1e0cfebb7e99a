/// One instruction of a transaction, its accounts looked up.
package struct SolanaInstruction: Hashable, Sendable {
    package struct Account: Hashable, Sendable {
        package let key: SolanaKey
        package let isSigner: Bool
        package let isWritable: Bool

        package init(_ key: SolanaKey, isSigner: Bool = false, isWritable: Bool = false) {
            self.key = key
            self.isSigner = isSigner
            self.isWritable = isWritable
        }
    }

    package let program: SolanaKey
    package let accounts: [Account]
    package let data: [UInt8]

    package init(_ program: SolanaKey, _ accounts: [Account], _ data: [UInt8]) {
        self.program = program
        self.accounts = accounts
        self.data = data
    }
}
