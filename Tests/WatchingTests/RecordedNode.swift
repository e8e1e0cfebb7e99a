import ChainFormats
import Deposits
import FoundationEssentials
import GatewayTestKit
import Primitives
import Synchronization

@testable import Watching

/// A Solana node whose history is made of recorded transactions, and is turned by hand.
final class RecordedNode: JSONRPC {
    private struct State {
        /// The oldest first.
        var landed: [(signature: String, json: String, slot: Int64)] = []
        /// What lists leave out.
        var unlisted: Set<String> = []
        var saidToFail: Set<String> = []
        var confirmed = 0
        var final = 0
        var slot: Int64 = 50
        var faults: [String: [RPCFailure?]] = [:]
        /// What asking for a transaction ends with; `nil` is that it is not there.
        var unreadable: [String: RPCFailure?] = [:]
        /// What is listed, and of which nothing else is known.
        var forgotten: Set<String> = []
        /// When the first block was made that the node has.
        var beginning = Timestamp.second(0)
        var asked: [String] = []
        var pageLength = 1000
        var turned: SolanaKey?
        var repeatsPages = false
        /// How many transactions the node is behind that answers every other question, more or less.
        var lag = 0
        var questions = 0

        /// What that node has.
        var behind: State {
            var late = self
            late.landed.removeLast(min(lag, landed.count))
            late.confirmed = min(confirmed, late.landed.count)
            late.final = min(final, late.landed.count)
            return late
        }
    }

    private let state = Mutex(State())

    /// Lets recorded transactions land in a slot, and be confirmed.
    func land(_ names: String..., in slot: Int64 = 1) throws {
        for name in names {
            let text = String(decoding: try RecordedTransaction.data(name), as: UTF8.self)
            let signature = "\(try RecordedTransaction.named(name).signature)"
            state.withLock { state in
                state.landed.append((signature, text, slot))
                state.confirmed = state.landed.count
            }
        }
    }

    /// Leaves a transaction out of all lists, though it is there.
    func leaveOut(_ name: String) throws {
        let signature = "\(try RecordedTransaction.named(name).signature)"
        state.withLock { _ = $0.unlisted.insert(signature) }
    }

    /// Lists a transaction as one that has failed.
    func listAsFailed(_ name: String) throws {
        let signature = "\(try RecordedTransaction.named(name).signature)"
        state.withLock { _ = $0.saidToFail.insert(signature) }
    }

    func listAll() { state.withLock { $0.unlisted = [] } }

    func finalise() { state.withLock { $0.final = $0.landed.count } }

    /// Goes over to a fork without the newest transaction.
    func drop() {
        state.withLock { state in
            state.landed.removeLast()
            state.confirmed = state.landed.count
        }
    }

    func turn(_ slots: Int64) { state.withLock { $0.slot += slots } }

    /// Answers a history in pieces, as nodes do above a thousand.
    func page(by length: Int) { state.withLock { $0.pageLength = length } }

    /// Lists the history of this address alone, with neighbours the wrong way round.
    func turnList(of address: SolanaKey) { state.withLock { $0.turned = address } }

    /// Answers each question for a history with its newest page.
    func repeatPages() { state.withLock { $0.repeatsPages = true } }

    /// Has about every other question answered by a node that is so many transactions behind.
    func lag(by count: Int) { state.withLock { $0.lag = count } }

    /// Lets nobody read a transaction: what asks for it fails, or is told that it is not there.
    func hide(_ name: String, _ failure: RPCFailure?) throws {
        let signature = "\(try RecordedTransaction.named(name).signature)"
        state.withLock { $0.unreadable[signature] = .some(failure) }
    }

    /// Knows nothing of a transaction but that it is listed.
    func forget(_ name: String) throws {
        let signature = "\(try RecordedTransaction.named(name).signature)"
        state.withLock { _ = $0.forgotten.insert(signature) }
    }

    /// Has no block from before a moment.
    func begin(at moment: Timestamp) { state.withLock { $0.beginning = moment } }

    func reveal() { state.withLock { $0.unreadable = [:] } }

    /// How often a method was asked since it was counted last.
    func takeCount(of method: String) -> Int {
        state.withLock { state in
            defer { state.asked.removeAll { $0 == method } }
            return state.asked.count { $0 == method }
        }
    }

    func fail(_ method: String, _ failures: [RPCFailure?]) {
        state.withLock { $0.faults[method, default: []] += failures }
    }

    func call<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [JSONParameter],
        as result: Result.Type,
    ) async throws(RPCFailure) -> Result? {
        let (failure, answer) = state.withLock { state -> (RPCFailure?, String?) in
            state.asked.append(method)
            if let next = state.faults[method]?.first {
                state.faults[method]?.removeFirst()
                if let next { return (next, nil) }
            }
            if method == "getTransaction", case .text(let signature) = parameters.first,
                let failure = state.unreadable[signature]
            {
                return (failure, nil)
            }
            state.questions += 1
            let isLate = state.lag > 0 && state.questions &* 0x9E37_79B9 & 0x1_0000 != 0
            return (nil, RecordedNode.answer(method, parameters, isLate ? state.behind : state))
        }
        if let failure { throw failure }
        guard let answer else { return nil }
        do {
            return try JSONDecoder().decode(Result.self, from: Data(answer.utf8))
        } catch {
            throw .malformed(method: method)
        }
    }

    private static func answer(
        _ method: String,
        _ parameters: [JSONParameter],
        _ state: State,
    ) -> String? {
        let options: [String: JSONParameter] =
            if case .object(let given) = parameters.last { given } else { [:] }
        let count = options["commitment"] == .text("confirmed") ? state.confirmed : state.final
        switch method {
        case "getGenesisHash": return "\"genesis\""
        case "getSlot": return "\(state.slot)"
        case "getBlock": return #"{"blockhash":"\#(SolanaKey.system)"}"#
        case "getSignaturesForAddress":
            if let only = state.turned, parameters.first != .text("\(only)") { return "[]" }
            return history(state.landed.prefix(count).map(\.signature), options, state)
        case "getTransaction":
            return state.landed.prefix(count).first { .text($0.signature) == parameters.first }
                .flatMap { state.forgotten.contains($0.signature) ? nil : $0.json }
        case "getFirstAvailableBlock": return "0"
        case "getBlockTime": return "\(state.beginning.microseconds / 1_000_000)"
        case "getSignatureStatuses":
            guard case .list(let signatures) = parameters.first else { return nil }
            let known = signatures.map { one in
                let isKnown = state.landed.contains {
                    .text($0.signature) == one && !state.forgotten.contains($0.signature)
                }
                return isKnown ? #"{"slot":1}"# : "null"
            }
            return #"{"value":[\#(known.joined(separator: ","))]}"#
        case _: return nil
        }
    }

    private static func history(
        _ signatures: [String],
        _ options: [String: JSONParameter],
        _ state: State,
    ) -> String {
        var newestFirst = Array(signatures.reversed())
        if !state.repeatsPages,
            let before = newestFirst.firstIndex(where: { options["before"] == .text($0) })
        {
            newestFirst.removeFirst(before + 1)
        }
        if let until = newestFirst.firstIndex(where: { options["until"] == .text($0) }) {
            newestFirst.removeLast(newestFirst.count - until)
        }
        let failed = state.landed.filter { $0.json.contains("InstructionError") }.map(\.signature)
        newestFirst.removeAll { state.unlisted.contains($0) }
        var page = Array(newestFirst.prefix(state.pageLength))
        if state.turned != nil {
            for place in stride(from: 1, to: page.count, by: 2) { page.swapAt(place - 1, place) }
        }
        let lines = page.map { signature in
            let hasFailed = failed.contains(signature) || state.saidToFail.contains(signature)
            let error = hasFailed ? #"{"InstructionError":[0,"Custom"]}"# : "null"
            let slot = state.landed.first { $0.signature == signature }?.slot ?? 0
            return #"{"signature":"\#(signature)","slot":\#(slot),"err":\#(error)}"#
        }
        return "[\(lines.joined(separator: ","))]"
    }
}
