import NIOCore

/// Who has which connection to an upstream, and who is next; the rules of ``ConnectionPool``.
struct ConnectionPoolState {
    typealias Waiter = UnsafeContinuation<ConnectionGrant, any Error>

    /// A waiter whose turn it is, and what it gets.
    struct Turn {
        let waiter: Waiter
        let grant: ConnectionGrant
    }

    private let bound: Int
    /// The connections that are open, in use or not.
    private var open: [ObjectIdentifier: UpstreamLink] = [:]
    /// Those that serve nobody, by event loop; the last one was used last.
    private var idle: [ObjectIdentifier: [UpstreamLink]] = [:]
    private var attempts: [ObjectIdentifier: ConnectionAttempt] = [:]
    /// Connections that are open or being made.
    private var count = 0
    private var waiters: [Int: Waiter] = [:]
    private var oldestWaiter = 0
    private var nextNumber = 1
    private var isShutDown = false

    /// How many wait for a connection.
    var waitingCount: Int { waiters.count }

    init(bound: Int) { self.bound = bound }

    /// Grants what can be had at once.
    ///
    /// - Parameter loop: the caller's event loop; `nil` for a caller that runs on none.
    /// - Returns: `nil` where one has to wait.
    /// - Throws: ``ForwardingError/unreachable`` after the shutdown.
    mutating func grant(on loop: ObjectIdentifier?) throws(ForwardingError) -> ConnectionGrant? {
        if isShutDown { throw .unreachable }
        if let loop {
            if let link = idle[loop]?.popLast() { return .lease(lease(link)) }
            if count < bound { return attempt() }
            // Another loop's connection is a hop away, which is better than to wait.
            return popAnyIdle().map { .lease(lease($0)) }
        }
        if let link = popAnyIdle() { return .lease(lease(link)) }
        return count < bound ? attempt() : nil
    }

    private mutating func attempt() -> ConnectionGrant {
        count += 1
        return .attempt
    }

    private mutating func popAnyIdle() -> UpstreamLink? {
        guard let loop = idle.first(where: { !$0.value.isEmpty })?.key else { return nil }
        return idle[loop]?.popLast()
    }

    /// Takes out a connection that serves nobody; `false` where somebody has it.
    mutating func retire(_ link: UpstreamLink) -> Bool {
        let loop = ObjectIdentifier(link.loop)
        guard let index = idle[loop]?.firstIndex(where: { $0.id == link.id }) else { return false }
        idle[loop]?.remove(at: index)
        return true
    }

    /// Queues a waiter.
    ///
    /// - Returns: by what it can be taken out again.
    mutating func enqueue(_ waiter: Waiter) -> Int {
        let id = number()
        if waiters.isEmpty { oldestWaiter = id }
        waiters[id] = waiter
        return id
    }

    /// Takes a waiter out whose turn has not come.
    mutating func dequeue(_ id: Int) -> Waiter? { waiters.removeValue(forKey: id) }

    /// An attempt begins; `false` after the shutdown.
    mutating func begin(_ attempt: ConnectionAttempt) -> Bool {
        guard !isShutDown else { return false }
        attempts[ObjectIdentifier(attempt)] = attempt
        return true
    }

    mutating func end(_ attempt: ConnectionAttempt) {
        attempts[ObjectIdentifier(attempt)] = nil
    }

    /// A connection is there; its attempt's place becomes its own.
    ///
    /// - Returns: `false` after the shutdown.
    mutating func open(_ link: UpstreamLink) -> Bool {
        open[link.id] = link
        return !isShutDown
    }

    mutating func lease(_ link: UpstreamLink, isFirst: Bool = false) -> UpstreamLease {
        UpstreamLease(link: link, number: number(), isFirst: isFirst)
    }

    /// A connection serves nobody any more; the longest waiter gets it.
    mutating func giveBack(_ link: UpstreamLink) -> Turn? {
        if let waiter = popWaiter() { return Turn(waiter: waiter, grant: .lease(lease(link))) }
        idle[ObjectIdentifier(link.loop), default: []].append(link)
        return nil
    }

    /// A connection is closed; the longest waiter may make another.
    mutating func lose(_ link: UpstreamLink) -> Turn? {
        guard open.removeValue(forKey: link.id) != nil else { return nil }
        _ = retire(link)
        return freePlace()
    }

    /// An attempt came to nothing; the longest waiter may make another.
    mutating func freePlace() -> Turn? {
        count -= 1
        guard let waiter = popWaiter() else { return nil }
        count += 1
        return Turn(waiter: waiter, grant: .attempt)
    }

    /// Nothing more is granted.
    ///
    /// - Returns: what is to be ended.
    mutating func shutDown() -> ([Waiter], [ConnectionAttempt], [UpstreamLink]) {
        isShutDown = true
        defer { (waiters, idle) = ([:], [:]) }
        return (Array(waiters.values), Array(attempts.values), Array(open.values))
    }

    private mutating func popWaiter() -> Waiter? {
        guard !waiters.isEmpty else { return nil }
        while true {
            oldestWaiter += 1
            if let waiter = waiters.removeValue(forKey: oldestWaiter - 1) { return waiter }
        }
    }

    private mutating func number() -> Int {
        nextNumber += 1
        return nextNumber
    }
}

/// What someone who asks for a connection gets.
enum ConnectionGrant: Sendable {
    case lease(UpstreamLease)
    /// A place, in which to make a connection.
    case attempt
}
