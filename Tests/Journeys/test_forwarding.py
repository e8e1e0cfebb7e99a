"""What the agent sends arrives, what the provider sends arrives, and nothing else does."""

import json
import re

import pytest

from dialects import ANTHROPIC, BOTH, OPENAI
from programs import World
from scripted import ScriptedUpstream
from wire import call, dechunk, parse, raw, raw_request

both = pytest.mark.parametrize("dialect", BOTH, ids=str)

OPENAI_USAGE = b'{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}'
OPENAI_EVENTS = [
    b'data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n',
    b": a comment of the provider\n\n",
    b"event: something.new\ndata: {\"unheard\": [1, 2.50, 1e3]}\n\n",
    b'data: {"choices":[{"index":0,"delta":{"content":"caf\xc3\xa9 \\u2713"}}],"obfuscation":"xyz"}\n\n',
    b'data:{"choices":[{"index":0,"delta":{"content":"no space"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
]
OPENAI_USAGE_EVENT = b'data: {"id":"c1","choices":[],"usage":' + OPENAI_USAGE + b"}\n\n"
OPENAI_DONE = b"data: [DONE]\n\n"

ANTHROPIC_EVENTS = [
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m1","type":"message","role":"assistant",'
    b'"model":"claude-x","content":[],"usage":{"input_tokens":9,"output_tokens":1,"new_tokens":7}}}\n\n',
    b'event: ping\ndata: {"type":"ping"}\n\n',
    b'event: future_thing\nid: 7\nretry: 10\ndata: {"type":"future_thing",\ndata:  "two": "lines"}\n\n',
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"caf\xc3\xa9"}}\n\n',
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}\n\n',
]
ANTHROPIC_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

EVENTS = {
    "openai": OPENAI_EVENTS + [OPENAI_USAGE_EVENT, OPENAI_DONE],
    "anthropic": ANTHROPIC_EVENTS + [ANTHROPIC_STOP],
}
WHOLE = {
    "openai": b'{ "id":"c1", "choices":[{"index":0,"message":{"role":"assistant","content":"caf\xc3\xa9 \\u2713"},'
    b'"finish_reason":"stop"}], "new": {"a": 1.50},\n"usage":' + OPENAI_USAGE + b"}\n",
    "anthropic": b'{ "id":"m1", "type":"message","role":"assistant","content":[{"type":"text","text":"caf\xc3\xa9 \\u2713"}],'
    b'"new": {"a": 1.50},\n"usage":{"input_tokens":9,"output_tokens":5}}\n',
}


@pytest.fixture(scope="module")
def scripted_world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("scripted"))
    world.scripted = ScriptedUpstream()
    world.use_upstream(world.scripted.url)
    world.shared_gateway = world.start()
    yield world
    world.close()
    world.scripted.close()


@pytest.fixture
def customer(scripted_world):
    return scripted_world.shared_gateway.customer("5.00")


@pytest.fixture
def upstream(scripted_world):
    upstream = scripted_world.scripted
    upstream.heard.clear()
    return upstream


def send(dialect, customer, body, *headers):
    """Sends a body byte for byte and returns the answer as it came."""
    fields = [*dialect.headers.items(), *dialect.auth(customer.key).items(), *headers]
    return parse(raw(customer.gateway.port, raw_request("POST", dialect.path, fields, body)))


def without_our_comment(body):
    """The stream without the one line that is ours."""
    rest, count = re.subn(rb"(?m)^: farebox charge=\d+ balance=\d+ receipt=[^\n]+\n\n?", b"", body)
    assert count == 1, body
    return rest


UNUSUAL = {
    "openai": b'{ "messages" : [ { "content" : "h\\u00e9llo \xe2\x9c\x93" , "role":"user", "name" : "x" } ],\n'
    b'  "model":"gpt-4o", "temperature": 0, "top_p":0.10, "seed":12345678901234567890, "max_tokens":50,\n'
    b'  "store": false, "user":"u", "unheard_of": {"b":1,"a":[1.0, 1e-7, -0]}, "logit_bias":{"50256":-100},'
    b'  "metadata": {"k":"\\/"} }  ',
    "anthropic": b'{ "messages" : [ { "content" : "h\\u00e9llo \xe2\x9c\x93" , "role":"user" } ],\n'
    b'  "model":"claude-sonnet-4-6", "temperature": 0, "top_p":0.10, "max_tokens":50,\n'
    b'  "unheard_of": {"b":1,"a":[1.0, 1e-7, -0]}, "metadata": {"user_id":"\\/"} }  ',
}


@both
def test_a_request_arrives_byte_for_byte(customer, upstream, dialect):
    upstream.answer(WHOLE[dialect.name], content_type="application/json")
    answer = send(dialect, customer, UNUSUAL[dialect.name])
    assert answer.status == 200, answer.body
    assert upstream.last[1] == UNUSUAL[dialect.name]


@both
def test_a_whole_answer_arrives_byte_for_byte(customer, upstream, dialect):
    """L5-21."""
    upstream.answer(WHOLE[dialect.name], content_type="application/json")
    answer = send(dialect, customer, UNUSUAL[dialect.name])
    assert answer.body == WHOLE[dialect.name]
    assert answer.headers["content-type"] == "application/json"
    receipt = customer.settled(answer.headers["x-farebox-receipt"])
    assert (receipt["usage"]["input"], receipt["usage"]["output"]) == (9, 5)


def pieces(stream, size):
    return [stream[at : at + size] for at in range(0, len(stream), size)]


@both
@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 10_000])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_stream_arrives_byte_for_byte_however_it_is_cut(customer, upstream, dialect, size, newline):
    """L5-14 and L5-22."""
    stream = b"".join(EVENTS[dialect.name]).replace(b"\n", newline)
    upstream.answer(*pieces(stream, size))
    body = dialect.body(stream=True)
    if dialect is OPENAI:
        body["stream_options"] = {"include_usage": True}
    answer = send(dialect, customer, json.dumps(body).encode())
    assert answer.status == 200
    assert without_our_comment(answer.body.replace(newline, b"\n")).replace(b"\n", newline) == stream
    receipt = customer.settled(answer.headers["x-farebox-receipt"])
    assert (receipt["usage"]["input"], receipt["usage"]["output"]) == (9, 5)


def test_a_usage_chunk_that_we_asked_for_is_hidden_and_nothing_else(customer, upstream):
    """PM-18, but that nobody gets a chunk that it did not ask for."""
    upstream.answer(*OPENAI_EVENTS, OPENAI_USAGE_EVENT, OPENAI_DONE)
    body = json.dumps(OPENAI.body(stream=True)).encode()
    answer = send(OPENAI, customer, body)
    assert without_our_comment(answer.body) == b"".join(OPENAI_EVENTS) + OPENAI_DONE
    sent = json.loads(upstream.last[1])
    assert sent.pop("stream_options") == {"include_usage": True}
    assert sent == json.loads(body)


def test_other_stream_options_are_kept(customer, upstream):
    upstream.answer(*OPENAI_EVENTS, OPENAI_USAGE_EVENT, OPENAI_DONE)
    options = {"include_obfuscation": False, "include_usage": False}
    send(OPENAI, customer, json.dumps(OPENAI.body(stream=True, stream_options=options)).encode())
    assert json.loads(upstream.last[1])["stream_options"] == {"include_obfuscation": False, "include_usage": True}


@both
def test_the_simulators_own_stream_passes_unchanged(shared, dialect):
    """Only the ids, which count the requests, differ."""
    simulator = shared.world.simulator
    customer = shared.customer("1.00")
    directives = "output_tokens=20; chunk_bytes=11"
    body = dialect.body(stream=True)
    if dialect is OPENAI:
        body["stream_options"] = {"include_usage": True}
    request = dialect.request(customer, directives) | {"json": body}
    through = without_our_comment(call(**request).expect(200).body)
    direct = call(**request | {"url": simulator.url + dialect.path}).expect(200).body
    number = rb'"(id|created)":("[^"]*"|\d+)'
    assert re.sub(number, b"", through) == re.sub(number, b"", direct)


@both
def test_the_providers_headers_pass_and_the_agents_credentials_never_do(customer, upstream, dialect):
    """L5-11, but that OpenAI's own headers pass, too; L5-12."""
    upstream.answer(WHOLE[dialect.name], content_type="application/json")
    passing = {
        "anthropic": [
            ("anthropic-beta", "context-1m-2025-08-07,files-api-2025-04-14"), ("anthropic-version", "2023-06-01"),
            ("anthropic-unheard-of", "x"),
        ],
        "openai": [("openai-beta", "assistants=v2")],
    }[dialect.name]
    hidden = [
        ("cookie", "session=agent-cookie"),
        ("proxy-authorization", "Basic agent-proxy"),
        ("x-admin-key", "agent-admin"),
        ("x-forwarded-for", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7"),
        ("authorization", "Bearer agent-second") if dialect is ANTHROPIC else ("x-api-key", "agent-second"),
        ("accept-encoding", "gzip, br"),
    ]
    send(dialect, customer, UNUSUAL[dialect.name], *(h for h in passing if h[0] != "anthropic-version"), *hidden)
    heard = upstream.headers()
    for pair in passing:
        assert pair in heard
    everything = b"".join(upstream.heard)
    assert customer.key.encode() not in everything
    assert customer.key.rsplit("-", 1)[0].encode() not in everything
    for word in (b"agent-cookie", b"agent-proxy", b"agent-admin", b"agent-second", b"203.0.113.7"):
        assert word not in everything, word
    settings = customer.gateway.settings
    if dialect is OPENAI:
        assert ("authorization", f"Bearer {settings['OPENAI_API_KEY']}") in heard
        assert not [value for name, value in heard if name == "x-api-key"]
    else:
        assert ("x-api-key", settings["ANTHROPIC_API_KEY"]) in heard
        assert not [value for name, value in heard if name == "authorization"]
    names = [name for name, _ in heard]
    assert names.count("host") == names.count("content-length") == 1
    assert dict(heard)["accept-encoding"] == "identity"


def test_a_message_without_a_version_is_of_the_first(customer, upstream):
    """L5-12."""
    upstream.answer(WHOLE["anthropic"], content_type="application/json")
    headers = ANTHROPIC.auth(customer.key)
    call("POST", f"{customer.gateway.url}/v1/messages", headers=headers, json=ANTHROPIC.body()).expect(200)
    assert dict(upstream.headers())["anthropic-version"] == "2023-06-01"


@both
@pytest.mark.parametrize("form", ["root", "path", "path without v1"])
def test_a_key_in_the_path_is_not_in_the_upstreams_path(customer, upstream, dialect, form):
    upstream.answer(WHOLE[dialect.name], content_type="application/json")
    headers = dialect.headers
    if form == "root":
        url, headers = customer.gateway.url + dialect.path, headers | dialect.auth(customer.key)
    elif form == "path":
        url = customer.proxy + dialect.path
    else:
        url = customer.proxy + dialect.path.removeprefix("/v1")
    call("POST", url, headers=headers, body=UNUSUAL[dialect.name]).expect(200)
    assert upstream.last[0].split(b"\r\n")[0] == f"POST {dialect.path} HTTP/1.1".encode()
    assert customer.key.encode() not in upstream.heard[-1]


@both
def test_an_answer_tells_the_agent_what_it_needs_and_nothing_of_ours(customer, upstream, dialect):
    """L5-13: what is said of the upstream's connection and framing is not said of ours."""
    ours = [("set-cookie", "a=b"), ("server", "cloudy"), ("keep-alive", "timeout=5"), ("content-encoding", "identity"), ("anthropic-organization-id", "org-1"), ("openai-organization", "org-1")]
    theirs = [("x-ratelimit-remaining-requests", "9"), ("anthropic-ratelimit-requests-remaining", "9")]
    upstream.answer(WHOLE[dialect.name], content_type="application/json", headers=ours + theirs)
    answer = send(dialect, customer, UNUSUAL[dialect.name])
    assert answer.headers["x-request-id"] == answer.headers["request-id"]
    assert int(answer.headers["x-balance-remaining"]) == customer.balance()
    assert answer.headers["x-farebox-receipt"]
    assert not {"keep-alive", "content-encoding", "transfer-encoding", "connection"} & set(answer.headers)
    assert int(answer.headers["content-length"]) == len(WHOLE[dialect.name])
    text = str(answer.headers)
    assert "org-1" not in text
    assert "a=b" not in text
    assert customer.key not in text


@both
def test_what_follows_the_end_is_not_waited_for(customer, upstream, dialect):
    """Bytes after the last event change nothing."""
    upstream.answer(*EVENTS[dialect.name], b": bye\n\n")
    answer = send(dialect, customer, json.dumps(dialect.body(stream=True)).encode())
    assert dialect.end in answer.body
    assert customer.settled(answer.headers["x-farebox-receipt"])["usage_source"] == "reported"


def test_dechunk_reads_what_the_helpers_write():
    assert dechunk(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") == b"abcde"
