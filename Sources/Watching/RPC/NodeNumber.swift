/// Numbers that a node tells: of blocks, slots, heights and lamports.
///
/// No chain comes near the largest that is taken, and with none of those is any sum of ours out of range.
enum NodeNumber {
    static let all: ClosedRange<Int64> = 0...1 << 60
}
