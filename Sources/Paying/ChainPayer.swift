package import Primitives
package import Withdrawals

/// Signs and sends what leaves one treasury, and follows it until the chain will not take it back.
package protocol ChainPayer: Sendable {
    /// Makes and signs the transaction of a withdrawal.
    ///
    /// `waiting` are the chain's withdrawals that may land at any moment.
    ///
    /// - Throws: `RPCFailure`, where it would fail among them; nothing was sent.
    func sign(
        _ order: Withdrawal.Order,
        beside waiting: [Withdrawal.Payment],
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment

    /// Hands a signed transaction over; again and again does no harm.
    ///
    /// - Throws: `RPCFailure` where it was not taken, one that the node has already among them.
    func send(_ payment: Withdrawal.Payment) async throws

    /// What the chain did with what was signed, and with which transaction; `nil` while that can change.
    ///
    /// - Throws: `RPCFailure`.
    func outcome(
        of payment: Withdrawal.Payment,
        _ order: Withdrawal.Order,
        at now: Timestamp,
    ) async throws -> (transaction: String, outcome: PaymentOutcome)?

    /// Signs once more, for the same place, so that one of both lands at the most.
    ///
    /// - Returns: `nil` where there is no such place, or the chain has passed it. It is kept before it is sent.
    /// - Throws: `RPCFailure`.
    func again(
        _ payment: Withdrawal.Payment,
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment?

    /// Signs for the same place what the chain takes rather than what waits there, where the latter offers
    /// less than the chain asks and has waited for long.
    ///
    /// - Returns: `nil` where there is nothing to be done. It is kept before it is sent.
    /// - Throws: `RPCFailure`.
    func replacement(
        of payment: Withdrawal.Payment,
        at now: Timestamp,
    ) async throws -> Withdrawal.Payment?
}
