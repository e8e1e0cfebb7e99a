/// How often the first node may yet be asked at one look for what witnesses list.
struct HintTries {
    /// How many of each witness may come to nothing.
    private let most: Int
    private var vain: [Int: Int] = [:]
    /// Why the first node can not be asked for any.
    var outage: RPCFailure?

    init(ofEach most: Int) { self.most = most }

    /// Whether one that some witnesses list may be asked for.
    func areLeft(to nodes: [Int]) -> Bool { nodes.contains { vain[$0, default: 0] < most } }

    /// One came to nothing.
    mutating func note(_ nodes: [Int]) {
        for node in nodes { vain[node, default: 0] += 1 }
    }
}
