import ChainFormats
import Foundation
import Paying
import Primitives
import Watching
import Withdrawals

/// What signs for what leaves a treasury.
enum TreasuryKey: Sendable {
    case evm(EVMKey)
    case solana(SolanaSigningKey)
}

extension SettingsReader {
    /// When withdrawals go out without an operator's word.
    func withdrawalPolicy() throws(SettingError) -> WithdrawalPolicy {
        WithdrawalPolicy(
            limit: try dollars(.withdrawalLimit),
            coolDown: .seconds(try count(.withdrawalCoolDown, in: 0...2_592_000)),
            minimum: try dollars(.withdrawalMinimum),
        )
    }

    private func dollars(_ setting: SettingKey) throws(SettingError) -> Amount {
        guard let units = DecimalText.units(of: try text(setting), decimals: 6) else {
            throw .invalid(setting.variable, expected: "USD, such as 100.00")
        }
        return Amount(units)
    }

    /// The key of an EVM treasury; `nil` where nothing is paid out on the chain.
    func treasuryKey(
        _ setting: SettingKey,
        of treasury: EVMAddress,
    ) throws(SettingError) -> TreasuryKey? {
        guard let text = try secretFile(setting) else { return nil }
        guard let key = EVMKey(text), key.address == treasury else {
            throw .invalid(setting.variable, expected: "a file with the treasury's own secret key")
        }
        return .evm(key)
    }

    /// The key of Solana's treasury; `nil` where nothing is paid out on the chain.
    func treasuryKey(
        _ setting: SettingKey,
        of treasury: SolanaKey,
    ) throws(SettingError) -> TreasuryKey? {
        guard let text = try secretFile(setting) else { return nil }
        guard let key = SolanaSigningKey(text), key.wallet == treasury else {
            throw .invalid(setting.variable, expected: "a file with the treasury's own secret key")
        }
        return .solana(key)
    }

    /// What stands in a file that nobody but its owner may read.
    private func secretFile(_ setting: SettingKey) throws(SettingError) -> String? {
        guard let path = optional(setting) else { return nil }
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue
        guard let mode, mode & 0o077 == 0, let content = FileManager.default.contents(atPath: path),
            content.count < 4096
        else {
            throw .invalid(setting.variable, expected: "a file that its owner alone may read")
        }
        return String(decoding: content, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
