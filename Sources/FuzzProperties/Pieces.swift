import NIOCore

/// How a network may cut bytes up.
enum Pieces: Hashable, CaseIterable {
    case whole
    case single
    case random

    /// Byte for byte is slow, and shows nothing after so many bytes.
    private static let mostSingle = 300

    /// The pieces of `bytes`; those of `random` are a function of `seed`.
    func cut(_ bytes: ArraySlice<UInt8>, seed: UInt8) -> [ByteBuffer] {
        guard !bytes.isEmpty else { return [] }
        var state = UInt64(seed)
        var pieces: [ByteBuffer] = []
        var rest = bytes
        while !rest.isEmpty {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let length =
                switch self {
                case .whole: rest.count
                case .single: pieces.count < Pieces.mostSingle ? 1 : rest.count
                case .random: 1 + Int(state >> 33) % 23
                }
            pieces.append(ByteBuffer(bytes: rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return pieces
    }
}
