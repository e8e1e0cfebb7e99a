import HTTPTypes
import NIOHTTP1

extension HTTPFields {
    /// The headers of an answer, without those whose names are not names.
    init(relaying headers: HTTPHeaders) {
        self.init()
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { append(HTTPField(name: name, value: value)) }
        }
    }
}
