/// A node beside the first, and its number in the configuration.
struct Witness<Node: Sendable>: Sendable {
    let node: Node
    let number: Int

    /// All nodes but the first.
    static func all(of nodes: [Node]) -> [Witness] {
        nodes.enumerated().dropFirst().map { Witness(node: $1, number: $0 + 1) }
    }
}

/// A transaction that the first node does not list: it has to have it, all the same.
struct Hint<Transaction: Hashable & Sendable>: Hashable, Sendable {
    let transaction: Transaction
    /// The numbers of the witnesses that list it.
    var nodes: [Int]

    /// What some witnesses list, each transaction once.
    static func all(_ lists: [(node: Int, transactions: [Transaction])]) -> [Hint] {
        var (hints, places) = ([Hint](), [Transaction: Int]())
        for (node, transactions) in lists {
            for transaction in transactions {
                if let place = places[transaction] {
                    hints[place].nodes.append(node)
                } else {
                    places[transaction] = hints.count
                    hints.append(Hint(transaction: transaction, nodes: [node]))
                }
            }
        }
        return hints
    }
}
