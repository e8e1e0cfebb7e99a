import Primitives

/// One caller's write, waiting for its place in a batch.
struct WriteJob: Sendable {
    /// Tells the caller how its body ended, now that its batch is committed.
    typealias Answer = @Sendable () -> Void

    /// What became of a body before its batch is committed.
    enum Conclusion {
        /// The body returned, or refused without writing: the batch goes on.
        case answer(Answer)
        /// The database itself failed: nothing of the batch can be believed.
        case broken(any Error)
    }

    let durability: Durability
    /// Runs the body.
    ///
    /// Its refusal is held back like its success: it may rest on what others wrote in the batch,
    /// and falls with it.
    let run: @Sendable (inout SQLiteTransaction) -> Conclusion
    /// Tells the caller that its batch failed, or was not begun.
    let refuse: @Sendable (StoreError) -> Void

    init<Outcome: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (inout SQLiteTransaction) throws -> Outcome,
        _ continuation: CheckedContinuation<Outcome, any Error>,
    ) {
        self.durability = durability
        refuse = { continuation.resume(throwing: $0) }
        run = { transaction in
            let result: Result<Outcome, any Error>
            let writesBefore = transaction.writeCount
            do {
                result = .success(try body(&transaction))
            } catch  where error.isOfDatabase {
                return .broken(error)
            } catch {
                precondition(
                    transaction.writeCount == writesBefore,
                    "a write checks everything before its first write, this one threw after it: \(error)",
                )
                result = .failure(error)
            }
            return .answer { continuation.resume(with: result) }
        }
    }
}
