import Metering
import Metrics
import Primitives
import Receipts

/// What is counted about inferences.
///
/// Labels are models of the rate card and outcomes, never anything that an agent can invent.
enum InferenceMetrics {
    static func settled(_ receipt: Receipt) {
        count(model: receipt.model, outcome: receipt.outcome.rawValue)
        let model = [("model", receipt.model)]
        Counter(label: "farebox_charged_microdollars_total", dimensions: model)
            .increment(by: receipt.charge.units)
        if receipt.reading.source == .estimated {
            Counter(label: "farebox_usage_estimated_total", dimensions: model).increment()
        }
        if receipt.overrun > .zero {
            Counter(label: "farebox_overrun_microdollars_total", dimensions: model)
                .increment(by: receipt.overrun.units)
        }
    }

    static func released(_ model: String) { count(model: model, outcome: "released") }

    /// A refusal before the hold: by our stable code.
    static func refused(_ code: String) {
        Counter(label: "farebox_refusals_total", dimensions: [("code", code)]).increment()
    }

    private static func count(model: String, outcome: String) {
        let labels = [("model", model), ("outcome", outcome)]
        Counter(label: "farebox_inferences_total", dimensions: labels).increment()
    }
}
