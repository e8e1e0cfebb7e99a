"""The two dialects, side by side, for tests that hold in both."""

import json
from dataclasses import dataclass
from typing import Callable

from money import usage_anthropic, usage_openai


@dataclass
class Dialect:
    name: str
    path: str
    model: str
    simulate: str
    headers: dict
    usage: Callable
    end: bytes

    def body(self, stream=False, max_tokens=64, **more):
        content = {
            "model": self.model,
            "messages": [{"role": "user", "content": "Say something."}],
            "max_tokens": max_tokens,
            "stream": stream,
        }
        return {key: value for key, value in (content | more).items() if value is not None}

    def auth(self, key):
        if self.name == "anthropic":
            return {"x-api-key": key}
        return {"authorization": f"Bearer {key}"}

    def request(self, customer, directives="", stream=False, **more):
        """Arguments of `call` and `Stream`."""
        headers = self.headers | self.auth(customer.key)
        if directives:
            headers[self.simulate] = directives
        return {
            "method": "POST",
            "url": customer.gateway.url + self.path,
            "headers": headers,
            "json": self.body(stream, **more),
        }

    def error(self, body):
        """The type and message of an error body, which must have the dialect's shape."""
        told = json.loads(body)
        error = told["error"]
        if self.name == "anthropic":
            assert told["type"] == "error", told
            assert set(told) <= {"type", "error", "request_id"}, told
        else:
            assert {"message", "type", "param", "code"} <= set(error), told
        assert error["type"] and error["message"], told
        return error

    def is_error_event(self, event):
        if self.name == "anthropic":
            return event.startswith(b"event: error")
        return event.startswith(b'data: {"error"')

    def __str__(self):
        return self.name


OPENAI = Dialect(
    "openai", "/v1/chat/completions", "gpt-4o", "openai-simulate", {}, usage_openai, b"data: [DONE]"
)
ANTHROPIC = Dialect(
    "anthropic",
    "/v1/messages",
    "claude-sonnet-4-6",
    "anthropic-simulate",
    {"anthropic-version": "2023-06-01"},
    usage_anthropic,
    b"event: message_stop",
)
BOTH = [OPENAI, ANTHROPIC]
