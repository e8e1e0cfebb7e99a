package import Primitives

/// The customers' and keys' slice of a store's transaction.
package protocol IdentityTransaction {
    mutating func customer(_ id: CustomerID) throws -> Customer?
    mutating func insert(_ customer: Customer) throws
    /// Replaces what is stored of a customer that exists.
    mutating func update(_ customer: Customer) throws
    mutating func key(_ id: KeyID) throws -> Key?
    /// Inserts the key, or replaces what is stored under its id.
    mutating func save(_ key: Key) throws
    /// The keys of `customer`, or of everybody, in the order of their ids.
    mutating func keys(of customer: CustomerID?) throws -> [Key]
    /// How many customers and keys there are.
    mutating func identityCounts() throws -> (customers: Int, keys: Int)
}
