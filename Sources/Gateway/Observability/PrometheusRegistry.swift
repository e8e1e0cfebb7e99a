package import CoreMetrics
import Synchronization

/// Keeps what swift-metrics counts and prints it in Prometheus' text format.
///
/// Follows https://prometheus.io/docs/instrumenting/exposition_formats/ version 0.0.4. Counters are
/// whole numbers, gauges are what was set last; recorders and timers are summaries of a count and a sum,
/// in seconds for timers.
package final class PrometheusRegistry: MetricsFactory {
    private struct State {
        var counters: [MetricName: CounterCell] = [:]
        var gauges: [MetricName: GaugeCell] = [:]
        var recorders: [MetricName: RecorderCell] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// All metrics, in the order of their names.
    package var text: String {
        let (counters, gauges, recorders) = state.withLock {
            ($0.counters, $0.gauges, $0.recorders)
        }
        var lines: [String] = []
        var lastLabel = ""
        func add(_ name: MetricName, _ type: String, _ samples: [(String, String)]) {
            if name.label != lastLabel { lines.append("# TYPE \(name.label) \(type)") }
            lastLabel = name.label
            for (suffix, value) in samples { lines.append("\(name.sample(suffix)) \(value)") }
        }
        for (name, cell) in counters.sorted(by: { $0.key < $1.key }) {
            add(name, "counter", [("", String(cell.value))])
        }
        for (name, cell) in gauges.sorted(by: { $0.key < $1.key }) {
            add(name, "gauge", [("", String(cell.value))])
        }
        for (name, cell) in recorders.sorted(by: { $0.key < $1.key }) {
            let (count, sum) = cell.value
            add(name, "summary", [("_count", String(count)), ("_sum", String(sum))])
        }
        return lines.map { $0 + "\n" }.joined()
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        state.withLock { state in
            let name = MetricName(label, dimensions)
            let cell = state.counters[name] ?? CounterCell()
            state.counters[name] = cell
            return cell
        }
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool,
    ) -> any RecorderHandler {
        aggregate ? recorder(label, dimensions, scale: 1) : gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        recorder(label, dimensions, scale: 1e-9)
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeCell {
        state.withLock { state in
            let name = MetricName(label, dimensions)
            let cell = state.gauges[name] ?? GaugeCell()
            state.gauges[name] = cell
            return cell
        }
    }

    private func recorder(
        _ label: String,
        _ dimensions: [(String, String)],
        scale: Double,
    ) -> RecorderCell {
        state.withLock { state in
            let name = MetricName(label, dimensions)
            let cell = state.recorders[name] ?? RecorderCell(scale: scale)
            state.recorders[name] = cell
            return cell
        }
    }
}

/// A metric's name with its labels.
private struct MetricName: Hashable, Comparable {
    let label: String
    let labels: String

    init(_ label: String, _ dimensions: [(String, String)]) {
        self.label = label
        labels = dimensions.map { "\($0)=\"\(MetricName.escaped($1))\"" }.joined(separator: ",")
    }

    func sample(_ suffix: String) -> String {
        labels.isEmpty ? label + suffix : "\(label)\(suffix){\(labels)}"
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { escaped, character in
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
    }

    static func < (lhs: MetricName, rhs: MetricName) -> Bool {
        (lhs.label, lhs.labels) < (rhs.label, rhs.labels)
    }
}

private final class CounterCell: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.add(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }
}

private final class GaugeCell: RecorderHandler {
    private let last = Mutex(0.0)

    var value: Double { last.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { last.withLock { $0 = value } }
}

private final class RecorderCell: RecorderHandler, TimerHandler {
    private let totals = Mutex((count: 0, sum: 0.0))
    private let scale: Double

    init(scale: Double) { self.scale = scale }

    var value: (count: Int, sum: Double) { totals.withLock(\.self) }

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration)) }

    func record(_ value: Double) {
        totals.withLock { totals in
            totals.count += 1
            totals.sum += value * scale
        }
    }
}
