import Gateway
import Metrics
import Testing

/// How what was counted is printed.
struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry()

    @Test func `counters add up, a gauge is what was set last, and what was recorded is a sum`() {
        for _ in 0..<2 {
            Counter(label: "asked", dimensions: [("way", "a\"b")], factory: registry).increment(
                by: 2
            )
            Recorder(label: "size", factory: registry).record(3)
            Timer(label: "took", factory: registry).recordNanoseconds(500_000_000)
        }
        for value in [7.0, 2.5] {
            Gauge(label: "left", dimensions: [("chain", "base")], factory: registry).record(value)
        }
        let text = """
            # TYPE asked counter
            asked{way="a\\"b"} 4
            # TYPE left gauge
            left{chain="base"} 2.5
            # TYPE size summary
            size_count 2
            size_sum 6.0
            # TYPE took summary
            took_count 2
            took_sum 1.0

            """
        #expect(registry.text == text)
    }
}
