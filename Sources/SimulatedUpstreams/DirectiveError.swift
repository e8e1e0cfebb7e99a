/// A directive nobody knows or a value it can not take.
package struct DirectiveError: Error, Equatable, CustomStringConvertible {
    /// What is wrong and what would have been right.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
