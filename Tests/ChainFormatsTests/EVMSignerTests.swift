import ChainFormats
import Primitives
import Testing

struct EVMSignerTests {
    /// A secret, a message for people, and what eth_account makes of them: address and signature.
    private static let signed:
        [(secret: String, message: String, address: String, signature: String)] = [
            (
                String(repeating: "46", count: 32), "hello",
                "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F",
                "f63c93dc642a4839770b35abf9cb304ac2f1b5463d9a9abd87546feaa0af992e"
                    + "659cf087c433e45c45f6135cb819ab1922c6359dbb1b8c8d7a54141de2cd4beb1b",
            ),
            (
                String(repeating: "0", count: 63) + "1", "",
                "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
                "0ac02a3eb3039b7a3ebb6a35f1e0dd31a4ed51781205a2c193354752a25edad5"
                    + "0593868baf38c519b78bdc61a23c3f55e058c29f8b83d79ae48cc47d931afaed1b",
            ),
            (
                String(repeating: "ff", count: 15) + String(repeating: "00", count: 16) + "01",
                "längere Nachricht mit Umlauten", "0x2e8CCd48463Ee5f88FB2e5bE12b6832fc49fbEA9",
                "159020a3731e468a5ce43f0d37f4f16f258de99397b48686578055f2a8e122e3"
                    + "3db216785b1b22f770b3c24ffb0d5a8bbcfdd5383e26760bfeb187e487eabb6e1b",
            ),
        ]

    @Test(arguments: signed.indices)
    func `what another library signs has the same signer, and we sign the same`(row: Int) throws {
        let row = EVMSignerTests.signed[row]
        let secret = try #require(Hexadecimal.bytes(row.secret))
        let bytes = try #require(Hexadecimal.bytes(row.signature))
        let digest = EVMSigner.digest(ofMessage: row.message)
        let signature = try #require(EVMSignature(bytes))
        #expect(EVMSigner.signer(of: digest, signature)?.checksummed == row.address)
        #expect(EVMSigner.address(ofSecret: secret)?.checksummed == row.address)
        #expect(EVMSigner.sign(digest, with: secret) == signature)
        var other = digest
        other[0] ^= 1
        #expect(EVMSigner.signer(of: other, signature)?.checksummed != row.address)
    }

    @Test func `a signature whose sign was turned has no signer`() throws {
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        let row = EVMSignerTests.signed[0]
        let bytes = try #require(Hexadecimal.bytes(row.signature))
        let signature = try #require(EVMSignature(bytes))
        let whole = try #require(Hexadecimal.bytes(order))
        var (turned, borrow) = ([UInt8](repeating: 0, count: 32), 0)
        for place in (0..<32).reversed() {
            let difference = Int(whole[place]) - Int(signature.s[place]) - borrow
            (turned[place], borrow) = (UInt8(difference & 0xFF), difference < 0 ? 1 : 0)
        }
        let twin = EVMSignature(r: signature.r, s: turned, parity: 1 - signature.parity)
        #expect(EVMSigner.signer(of: EVMSigner.digest(ofMessage: row.message), twin) == nil)
    }

    @Test(arguments: [0, 0xFF] as [UInt8])
    func `bytes that are no signature and no secret are none`(byte: UInt8) {
        let bytes = [UInt8](repeating: byte, count: 32)
        let digest = [UInt8](repeating: 1, count: 32)
        #expect(EVMSigner.signer(of: digest, EVMSignature(r: bytes, s: bytes, parity: 0)) == nil)
        #expect(EVMSigner.address(ofSecret: bytes) == nil)
        #expect(EVMSigner.sign(digest, with: bytes) == nil)
        #expect(EVMSigner.sign([1], with: digest) == nil)
    }

    @Test func `a wallet of Solana has signed what it has signed, and nothing else`() throws {
        // RFC 8032, 7.1, TEST 2.
        let wallet = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        let signed =
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        let keyBytes = try #require(Hexadecimal.bytes(wallet))
        let signatureBytes = try #require(Hexadecimal.bytes(signed))
        let key = try #require(SolanaKey(bytes: keyBytes))
        let signature = try #require(SolanaSignature(bytes: signatureBytes))
        #expect(key.hasSigned([0x72], signature))
        #expect(!key.hasSigned([0x73], signature))
        let other = try #require(SolanaKey(bytes: [UInt8](repeating: 2, count: 32)))
        #expect(!other.hasSigned([0x72], signature))
    }
}
