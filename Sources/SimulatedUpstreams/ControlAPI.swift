import NIOCore
import NIOHTTP1

/// Answers the requests to the simulator itself, which are not recorded.
struct ControlAPI {
    let state: SimulatorState

    func script(_ request: IncomingRequest, _ route: Route) -> Script {
        let body = body(request, route)
        let keepsAlive = request.head.isKeepAlive
        return ScriptWriter(body, SimulatedAnswer(), number: 0, keepsAlive: keepsAlive).write()
    }

    private func body(_ request: IncomingRequest, _ route: Route) -> AnswerBody {
        switch (route, request.head.method) {
        case (.recordedRequests, .GET):
            return json(200) { RecordJSON.write(state.record, to: &$0) }
        case (.recordedRequests, .DELETE):
            state.record.reset()
        case (.settings, .PUT):
            do throws(DirectiveError) {
                try state.replaceSettings(String(buffer: request.body))
            } catch {
                return problem(400, error.description)
            }
        case (.settings, .DELETE):
            state.resetSettings()
        default:
            return problem(
                405,
                "GET or DELETE /_simulator/requests, PUT or DELETE /_simulator/settings",
            )
        }
        return json(200) { $0.writeStaticString("{}") }
    }

    private func problem(_ status: Int, _ message: String) -> AnswerBody {
        json(status) { out in
            out.writeStaticString("{\"error\":")
            out.writeJSONString(message)
            out.writeStaticString("}")
        }
    }

    private func json(_ status: Int, _ write: (inout ByteBuffer) -> Void) -> AnswerBody {
        var body = AnswerBody(.openAI)
        body.status = status
        body.append(write)
        return body
    }
}
