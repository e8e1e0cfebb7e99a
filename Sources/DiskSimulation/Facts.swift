import Deposits
import GatewayTestKit
import Ledger
import Primitives
import Synchronization

/// What is told of a deposit, in this order.
enum DepositTale: CaseIterable, Sendable {
    /// It is final.
    case arrival
    /// Its block left the chain.
    case drop
    /// It is final in another block.
    case comeback

    /// The number of the step that moves the money; the one before it confirms.
    var step: Int {
        switch self {
        case .arrival: 2
        case .drop: 3
        case .comeback: 5
        }
    }
}

/// What was asked of a store, and what it answered: what must be on the disk after any power cut.
final class Facts: Sendable {
    /// One write that was asked for.
    struct Ask: Sendable {
        enum Kind: Sendable {
            case grant(Int)
            case place(Int)
            case extend(Int)
            /// `charge` is what its usage comes to under the hold.
            case capture(Int, charge: Int64)
            case release(Int)
            case refund(Int)
            case deposit(Int, DepositTale)
        }

        let kind: Kind
        /// When it was asked, and when it was answered, in one count of both.
        let begun: Int
        var answered: Int?
        var isRefused = false
        /// Whether it found that it had happened before: then it wrote nothing, and synced nothing.
        var isRepeat = false
    }

    private struct State {
        var asks: [Ask] = []
        var moment = 0
    }

    private let state = Mutex(State())

    /// Takes note that a write is asked for.
    func begin(_ kind: Ask.Kind) -> Int {
        state.withLock { state in
            state.moment += 1
            state.asks.append(Ask(kind: kind, begun: state.moment))
            return state.asks.count - 1
        }
    }

    /// Takes note that it was answered.
    func answer(_ index: Int, isRepeat: Bool = false) {
        state.withLock { state in
            state.moment += 1
            state.asks[index].answered = state.moment
            state.asks[index].isRepeat = isRepeat
        }
    }

    /// Takes note that it was refused, and is as if it had not been asked.
    func refuse(_ index: Int) { state.withLock { $0.asks[index].isRefused = true } }

    var asks: [Ask] { state.withLock(\.asks) }

    /// After a power cut, what is on the disk is what happened: all else is as if it had not been.
    ///
    /// - Returns: what nobody got an answer to, and should ask again.
    func settle(on books: StoredBooks) -> [Ask.Kind] {
        state.withLock { state in
            let unanswered = state.asks.filter { $0.answered == nil && !$0.isRefused }.map(\.kind)
            state.asks = state.asks.filter { !$0.isRefused && books.shows($0.kind) }
            for index in state.asks.indices where state.asks[index].answered == nil {
                state.asks[index].answered = state.asks[index].begun
            }
            return unanswered
        }
    }
}

/// What a store holds, as far as the facts go.
struct StoredBooks: Sendable {
    let transfers: Set<TransferID>
    let holds: [InferenceID: Hold]
    let receipts: Set<InferenceID>

    func hold(_ number: Int) -> Hold? { holds[StoredBooks.id(number)] }
    static func id(_ number: Int) -> InferenceID { InferenceID("h\(number)") }

    /// Whether the effect of a write is there.
    func shows(_ kind: Facts.Ask.Kind) -> Bool {
        switch kind {
        case .grant(let number): transfers.contains(TransferID("grant/\(number)"))
        case .place(let number): hold(number) != nil
        case .extend(let number):
            // An ended hold was extended or not: its end says nothing of it.
            hold(number).map { $0.amount == 90 || $0.state != .open } ?? false
        case .capture(let number, let charge):
            // The audit has compared the charge with its receipt; here it is what was answered.
            hold(number)?.state == .captured(Amount(charge))
                && receipts.contains(StoredBooks.id(number))
        case .release(let number): hold(number)?.state == .released
        case .refund(let number): hold(number)?.refunded != nil
        case .deposit(let number, let tale):
            // What the customer has not got, or the operator did not bear, moves nothing.
            ["", "/overrun"].contains { ending in
                let id = "deposit/\(DepositID.sample(number))/\(tale.step)\(ending)"
                return transfers.contains(TransferID(id))
            }
        }
    }
}

extension Facts {
    /// What the disk should hold and does not, or holds and should not.
    func problems(_ books: StoredBooks) -> [String] {
        let asks = asks.filter { !$0.isRefused }
        // A visible write may be lost together with everything that was begun after its answer.
        let durable = asks.filter { $0.kind.isDurable && $0.answered != nil && !$0.isRepeat }
        let lastDurable = durable.filter { books.shows($0.kind) }.map(\.begun).max() ?? 0
        var problems: [String] = []
        for ask in asks {
            guard let answered = ask.answered, !books.shows(ask.kind) else { continue }
            if ask.kind.isDurable {
                problems.append("LOST \(ask.kind), which was answered")
            } else if answered < lastDurable {
                problems.append("LOST \(ask.kind), though a later write is there")
            }
        }
        let known = Set(asks.flatMap(\.kind.transfers))
        for transfer in books.transfers where transfer.description.hasPrefix("grant/") {
            if !known.contains(transfer) { problems.append("PHANTOM \(transfer)") }
        }
        return problems
    }
}

extension Facts.Ask.Kind {
    /// Whether it is answered only once it is on the disk.
    var isDurable: Bool {
        switch self {
        case .place, .extend: false
        case .grant, .capture, .release, .refund, .deposit: true
        }
    }

    fileprivate var transfers: [TransferID] {
        if case .grant(let number) = self { [TransferID("grant/\(number)")] } else { [] }
    }
}
