import Deposits
import GatewayTestKit
import Primitives
import Testing

/// What a node's answers come to that it does not have a transaction.
struct AbsenceTests {
    private static let hour: Int64 = 3600

    @Test(
        arguments: [
            ([0], 0, 0), ([5], 5, 5), ([0, 0.9], 0, 0), ([0, 1], 0, 1), ([0, 0.5, 1.2], 0, 1.2),
            ([0, 24], 0, 24), ([0, 24.1], 24.1, 24.1), ([0, 23, 46, 69], 0, 69),
            // What was not noted counts for nothing.
            ([0, 0.9, 24.5], 24.5, 24.5), ([0, 1, 24.5], 0, 24.5), ([0, 12, 168], 168, 168),
            // A clock that was ahead.
            ([100, 0], 100, 100), ([0, 100, 1], 100, 100),
        ] as [([Double], Double, Double)]
    )
    func `an absence goes on while somebody asks every day, and begins anew after a pause`(
        _ hours: [Double],
        _ since: Double,
        _ notedAt: Double,
    ) throws {
        var absence: Absence?
        for hour in hours { absence = Absence.noted(absence, at: Self.moment(hour)) }
        #expect(absence == Absence(since: Self.moment(since), notedAt: Self.moment(notedAt)))
    }

    @Test(
        arguments: [
            (0, 167.9, false), (0, 168, true), (1, 168, false), (1, 169, true), (9, 0, false),
        ]
            as [(Double, Double, Bool)]
    )
    func `an absence is over after seven days`(_ since: Double, _ now: Double, _ isOver: Bool) {
        let absence = Absence(since: Self.moment(since), notedAt: Self.moment(since))
        #expect(absence.isOver(at: Self.moment(now)) == isOver)
    }

    private static func moment(_ hours: Double) -> Timestamp {
        .second(Int64(hours * Double(hour)))
    }
}
