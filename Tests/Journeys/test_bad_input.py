"""What no honest client sends: a clear error in the route's dialect, no charge, no crash, nothing upstream."""

import contextlib
import json
import re
import secrets
import socket

import anthropic
import openai
import pytest

from dialects import ANTHROPIC, BOTH, OPENAI
from programs import PATIENCE
from wire import call, parse, raw, raw_request

both = pytest.mark.parametrize("dialect", BOTH, ids=str)
CANARY = "canary-" + secrets.token_hex(8)


@pytest.fixture
def customer(shared):
    """A customer who is charged nothing, whatever the test sends."""
    shared.world.secret("prompt", CANARY)
    customer = shared.customer("1.00")
    yield customer
    assert shared.world.simulator.received()["count"] == 0
    assert shared.is_healthy()
    shared.wait_until_no_holds()
    assert customer.balance() == 1_000_000


def fields(dialect, customer, *more):
    return [*dialect.headers.items(), *dialect.auth(customer.key).items(), *more]


def send(dialect, customer, body, *more):
    request = raw_request("POST", dialect.path, fields(dialect, customer, *more), body)
    return parse(raw(customer.gateway.port, request))


def text(dialect, **more):
    """A good body as text, which tests then spoil."""
    return json.dumps(dialect.body() | more)


def with_member(dialect, member):
    return (text(dialect)[:-1] + "," + member + "}").encode()


SPOILT = {
    "nothing": lambda d: b"",
    "not JSON": lambda d: b"Hello, " + CANARY.encode(),
    "half of it": lambda d: text(d)[:-20].encode(),
    "a list": lambda d: b"[" + text(d).encode() + b"]",
    "a string": lambda d: b'"' + CANARY.encode() + b'"',
    "null": lambda d: b"null",
    "a number": lambda d: b"1",
    "two documents": lambda d: text(d).encode() * 2,
    "a trailing comma": lambda d: (text(d)[:-1] + ",}").encode(),
    "a comment": lambda d: ("/* hello */" + text(d)).encode(),
    "single quotes": lambda d: text(d).replace('"', "'").encode(),
    "a bare NaN": lambda d: with_member(d, '"temperature":NaN'),
    "a bare Infinity": lambda d: with_member(d, '"temperature":Infinity'),
    "a leading zero": lambda d: with_member(d, '"seed":012'),
    "a control character": lambda d: with_member(d, '"user":"a\x01b"'),
    "a bad escape": lambda d: with_member(d, '"user":"\\x41"'),
    "a lone surrogate": lambda d: with_member(d, '"user":"\\ud800"'),
    "a reversed pair": lambda d: with_member(d, '"user":"\\udc00\\ud800"'),
    "bytes that are not UTF-8": lambda d: with_member(d, '"user":"X"').replace(b"X", b"\xff\xfe"),
    "an overlong slash": lambda d: with_member(d, '"user":"X"').replace(b"X", b"\xc0\xaf"),
    "a NUL": lambda d: text(d).encode() + b"\0",
    "a byte order mark": lambda d: b"\xef\xbb\xbf" + text(d).encode(),
    "UTF-16": lambda d: text(d).encode("utf-16"),
    "UTF-16 without a mark": lambda d: text(d).encode("utf-16-le"),
    "UTF-32": lambda d: text(d).encode("utf-32"),
    "the model twice": lambda d: with_member(d, f'"model":"{d.model}"'),
    "the model twice, escaped": lambda d: with_member(d, f'"m\\u006fdel":"{d.model}"'),
    "the limit twice": lambda d: with_member(d, '"max_tokens":1'),
    "an unknown member twice": lambda d: with_member(d, '"metadata":{"a":1,"a":2}'),
    "depth 100,000": lambda d: with_member(d, '"deep":' + "[" * 100_000 + "]" * 100_000),
    "depth 100,000 of objects": lambda d: with_member(d, '"deep":' + '{"a":' * 100_000 + "1" + "}" * 100_000),
    "depth without an end": lambda d: b"[" * 1_000_000,
    "a number of a million digits": lambda d: text(d, max_tokens=77).replace("77", "1" + "0" * 1_000_000).encode(),
    "no model": lambda d: text(d, model=None).replace('"model": null, ', "").encode(),
    "a model that is a number": lambda d: text(d, model=5).encode(),
    "a model that is null": lambda d: text(d, model=None).encode(),
    "a model that is a list": lambda d: text(d, model=[d.model]).encode(),
    "messages that are text": lambda d: text(d, messages=CANARY).encode(),
    "messages that are an object": lambda d: text(d, messages={"role": "user"}).encode(),
    "messages that are null": lambda d: text(d, messages=None).encode(),
    "a message that is a number": lambda d: text(d, messages=[1]).encode(),
    "a content that is a number": lambda d: text(d, messages=[{"role": "user", "content": 1}]).encode(),
    "a stream that is text": lambda d: text(d, stream="true").encode(),
    "a stream that is a number": lambda d: text(d, stream=1).encode(),
    "a limit of nothing": lambda d: text(d, max_tokens=0).encode(),
    "a negative limit": lambda d: text(d, max_tokens=-1).encode(),
    "a fractional limit": lambda d: text(d, max_tokens=1.5).encode(),
    "a limit in text": lambda d: text(d, max_tokens="64").encode(),
    "a limit with an exponent": lambda d: text(d, max_tokens=77).replace("77", "1e2").encode(),
    "a limit with a point": lambda d: text(d, max_tokens=77).replace("77", "10.0").encode(),
    "a limit beyond 64 bits": lambda d: text(d, max_tokens=10**19).encode(),
}


@both
@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_body_that_is_no_request_is_refused(customer, dialect, spoil):
    answer = send(dialect, customer, spoil(dialect), ("content-type", "application/json"))
    assert answer.status == 400, (answer.status, answer.body[:500])
    error = dialect.error(answer.body)
    assert CANARY not in error["message"]
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "member",
    ['"n":0', '"n":-1', '"n":1.5', '"n":"2"', '"n":1000000000000', '"max_completion_tokens":-1', '"stream_options":7'],
)
def test_openais_own_numbers_are_checked(customer, member):
    answer = send(OPENAI, customer, with_member(OPENAI, member))
    assert answer.status == 400, answer.body[:500]
    OPENAI.error(answer.body)


def test_a_message_without_a_limit_is_refused_by_anthropics_rules_or_ours(shared):
    """Anthropic requires max_tokens; whoever says so, it costs nothing."""
    customer = shared.customer("1.00")
    answer = call(**ANTHROPIC.request(customer, max_tokens=None))
    assert answer.status == 400
    ANTHROPIC.error(answer.body)
    assert customer.balance() == 1_000_000


@both
def test_an_unknown_model_is_not_found_and_tells_nothing(customer, dialect):
    """L5-4, otherwise: no model is billed at a guess."""
    for name in ["gpt-nobody", "", " ", dialect.model.upper(), dialect.model + " ", "../" + dialect.model, "ft:x"]:
        answer = send(dialect, customer, text(dialect, model=name).encode())
        assert answer.status in (400, 404), (name, answer.status)
        dialect.error(answer.body)
        assert b"sk-" not in answer.body
        assert b"127.0.0.1" not in answer.body


@both
def test_a_part_that_can_not_be_bounded_is_refused(customer, dialect):
    parts = [{"type": "hologram", "hologram": CANARY}]
    answer = send(dialect, customer, text(dialect, messages=[{"role": "user", "content": parts}]).encode())
    assert answer.status == 400
    dialect.error(answer.body)


# Size

LARGE = 100 << 20
MEGABYTE = b" " * (1 << 20)


def head(dialect, customer, *more):
    lines = [f"POST {dialect.path} HTTP/1.1", "host: gateway"]
    lines += [f"{name}: {value}" for name, value in fields(dialect, customer, *more)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@both
def test_a_body_of_100_megabytes_is_too_large(customer, dialect):
    pieces = [head(dialect, customer, ("content-length", LARGE))] + [MEGABYTE] * (LARGE >> 20)
    answer = parse(raw(customer.gateway.port, *pieces))
    assert answer.status == 413
    dialect.error(answer.body)


@both
def test_a_body_that_never_ends_is_too_large(customer, dialect):
    chunk = b"100000\r\n" + MEGABYTE + b"\r\n"
    pieces = [head(dialect, customer, ("transfer-encoding", "chunked"))] + [chunk] * (LARGE >> 20)
    answer = parse(raw(customer.gateway.port, *pieces))
    assert answer.status == 413
    dialect.error(answer.body)


@both
def test_who_sends_too_much_is_hung_up_on(customer, dialect):
    """A body that nobody reads may not keep its connection."""
    with socket.create_connection(("127.0.0.1", customer.gateway.port), timeout=PATIENCE) as sock:
        sock.sendall(head(dialect, customer, ("content-length", LARGE)) + b"{")
        while sock.recv(65536):
            pass


@both
def test_a_chunked_body_that_stops_halfway_costs_nothing(customer, dialect):
    raw(customer.gateway.port, head(dialect, customer, ("transfer-encoding", "chunked")), b"5\r\nhel", patience=1)


NO_HTTP = {
    "a head of 200 kB": b"GET /health HTTP/1.1\r\nhost: gateway\r\nx: " + b"a" * 200_000 + b"\r\n\r\n",
    "5,000 headers": b"GET /health HTTP/1.1\r\nhost: gateway\r\n" + b"x: y\r\n" * 20_000 + b"\r\n",
    "a method of nobody's": b"F@O /health HTTP/1.1\r\nhost: gateway\r\n\r\n",
    "two lengths": b"POST /v1/messages HTTP/1.1\r\nhost: gateway\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("content", NO_HTTP.values(), ids=NO_HTTP)
def test_what_is_no_http_is_told_so_in_words(customer, content):
    answer = parse(raw(customer.gateway.port, content))
    assert answer.status == 400 and answer.headers["connection"] == "close"
    told = json.loads(answer.body)
    assert told["error"]["code"] == "bad_request" and told["error"]["message"] == "The request is not valid HTTP."
    assert told["request_id"] == answer.headers["x-request-id"] == answer.headers["request-id"]


FRAMINGS = {
    "a length, then chunks": ["content-length: 5", "transfer-encoding: chunked"],
    "chunks, then a length": ["transfer-encoding: chunked", "content-length: 5"],
    "a length of nothing, then chunks": ["content-length: 0", "transfer-encoding: chunked"],
    "chunks, then a length of nothing": ["transfer-encoding: chunked", "content-length: 0"],
    "a short length, then a long one": ["content-length: 5", "content-length: 42"],
    "a long length, then a short one": ["content-length: 42", "content-length: 5"],
    "two lengths in one line": ["content-length: 5, 42"],
}


@both
@pytest.mark.parametrize("lines", FRAMINGS.values(), ids=FRAMINGS)
def test_a_body_that_ends_in_two_places_is_refused_and_nothing_is_read_behind_it(customer, dialect, lines):
    """RFC 9112, 6.3: whoever stands before us may have read the other end."""
    behind = b"GET /health HTTP/1.1\r\nhost: gateway\r\n\r\n"
    content = head(dialect, customer).replace(b"\r\n\r\n", "".join(f"\r\n{line}" for line in lines).encode() + b"\r\n\r\n")
    with socket.create_connection(("127.0.0.1", customer.gateway.port), timeout=PATIENCE) as sock:
        sock.sendall(content + b"0\r\n\r\n" + behind)
        heard = b""
        # Until it is closed, by the other side.
        with contextlib.suppress(ConnectionResetError):
            while piece := sock.recv(65536):
                heard += piece
    assert heard.count(b"HTTP/1.1 ") == 1
    answer = parse(heard)
    assert answer.status == 400 and answer.headers["connection"] == "close"
    assert answer.json()["error"]["code"] == "bad_request"


@pytest.mark.parametrize("sdk", [anthropic, openai], ids=["anthropic", "openai"])
def test_what_the_server_can_not_read_is_an_error_of_the_sdk_with_a_message_and_an_id(customer, sdk):
    client = (sdk.Anthropic if sdk is anthropic else sdk.OpenAI)(
        api_key=customer.key, base_url=customer.gateway.url, default_headers={"x-flood": "a" * 200_000}
    )
    with pytest.raises(sdk.BadRequestError, match="not valid HTTP") as refused:
        client.models.list()
    assert refused.value.request_id.startswith("req_")


@both
def test_a_flood_of_headers_is_refused(customer, dialect):
    flood = [(f"x-flood-{number}", "y" * 100) for number in range(10_000)]
    heard = raw(customer.gateway.port, raw_request("POST", dialect.path, fields(dialect, customer, *flood), b"{}"))
    assert heard == b"" or parse(heard).status in (400, 413, 431)


@both
def test_one_endless_header_is_refused(customer, dialect):
    flood = ("x-flood", "y" * 5_000_000)
    heard = raw(customer.gateway.port, raw_request("POST", dialect.path, fields(dialect, customer, flood), b"{}"))
    assert heard == b"" or parse(heard).status in (400, 413, 431)


def test_an_endless_path_is_refused(customer):
    heard = raw(customer.gateway.port, raw_request("GET", "/" + "y" * 5_000_000))
    assert heard == b"" or parse(heard).status in (400, 404, 413, 414, 431)


# Routes and methods


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/v1/messages"),
        ("GET", "/v1/chat/completions"),
        ("PUT", "/v1/chat/completions"),
        ("DELETE", "/v1/messages"),
        ("PATCH", "/v1/messages/count_tokens"),
        ("POST", "/v1/models"),
        ("GET", "/v1/register"),
        ("POST", "/v1/pricing"),
        ("POST", "/health"),
        ("GET", "/v1/admin/grants"),
        ("TRACE", "/v1/pricing"),
    ],
)
def test_a_wrong_method_is_405(customer, method, path):
    headers = fields(ANTHROPIC if "messages" in path else OPENAI, customer)
    answer = parse(raw(customer.gateway.port, raw_request(method, path, headers)))
    assert answer.status == 405, answer.body[:300]
    if "messages" in path:
        ANTHROPIC.error(answer.body)
    elif "chat" in path or "models" in path:
        OPENAI.error(answer.body)
    else:
        assert answer.json()["code"]


def test_a_method_that_nobody_knows_is_refused(customer):
    answer = parse(raw(customer.gateway.port, raw_request("BREW", "/v1/pricing")))
    assert answer.status in (400, 405)


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/messages", "/v1/nothing", "/v1/completions", "/admin", "/.env"])
def test_an_unknown_route_is_404(customer, path):
    answer = parse(raw(customer.gateway.port, raw_request("GET", path, fields(OPENAI, customer))))
    assert answer.status == 404
    assert "error" in answer.json()


@pytest.mark.parametrize(
    "path",
    [
        "/proxy/{key}/../v1/admin/stats",
        "/proxy/{key}/v1/../../../v1/admin/stats",
        "/proxy/{key}%2fv1/messages",
        "/proxy/{key}/v1%2fmessages",
        "/proxy/{key}/v1/mess%00ages",
        "/proxy/{key}%00/v1/messages",
        "/proxy/{key}/v1/%2e%2e/balance",
        "/proxy/{key};x/v1/messages",
        "/proxy//v1/messages",
        "//proxy/{key}/v1/messages",
        "/proxy/{key}//messages",
        "/v1/%6dessages%c0%af",
        "/v1/messages%0d%0aX-Evil:1",
        "*",
        "v1/messages",
    ],
)
def test_a_path_that_plays_tricks_reaches_nothing(customer, path):
    path = path.format(key=customer.key)
    body = text(ANTHROPIC).encode()
    heard = raw(customer.gateway.port, raw_request("POST", path, ANTHROPIC.headers.items(), body))
    answer = parse(heard)
    assert answer.status in (400, 401, 404), (answer.status, answer.body[:300])
    assert b"Evil" not in heard
    assert customer.key.encode() not in heard


@both
def test_a_key_that_is_not_one_is_401(customer, dialect):
    right = customer.key
    wrong = [
        "", "null", "level5", "Bearer", right[:-1], right + "0", right.upper(), right[4:], right.rsplit("-", 1)[0],
        "fbx-000000000000-" + "0" * 64, right.replace("fbx", "fby"), "' or 1=1 --", "%", "y" * 8192,
    ]
    bodies = set()
    for key in wrong:
        for headers in ([("authorization", f"Bearer {key}")], [("x-api-key", key)], [("authorization", key)]):
            request = raw_request("POST", dialect.path, [*dialect.headers.items(), *headers], text(dialect).encode())
            answer = parse(raw(customer.gateway.port, request))
            assert answer.status == 401, (headers[0][0], key[:20], answer.status, answer.body[:300])
            error = dialect.error(answer.body)
            bodies.add((error["type"], error["message"]))
    answer = parse(raw(customer.gateway.port, raw_request("POST", dialect.path, dialect.headers.items(), b"{}")))
    assert answer.status == 401
    assert len(bodies) <= 2, "a missing and a wrong key, nothing else, are told apart"


@pytest.mark.parametrize("path", ["/proxy/{key}/balance", "/proxy/{key}/transactions", "/proxy/{key}/v1/models"])
def test_a_wrong_key_in_the_path_is_401_and_not_repeated(customer, path):
    key = customer.key[:-1] + ("0" if customer.key[-1] != "0" else "1")
    customer.gateway.world.secret("wrong key", key)
    heard = raw(customer.gateway.port, raw_request("GET", path.format(key=key)))
    assert parse(heard).status == 401
    assert key.encode() not in heard


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "limit=0", "limit=-5", "limit=99999999999999999999"])
def test_a_page_that_is_none_is_refused_or_bounded(customer, query):
    answer = call("GET", f"{customer.proxy}/transactions?{query}")
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert 0 < answer.json()["limit"] <= 1000
        assert answer.json()["page"] >= 1


# The operator's door


@pytest.mark.parametrize("path", ["/v1/admin/stats", "/v1/admin/holds"])
def test_the_operators_pages_want_the_operators_key(customer, path):
    for headers in ({}, {"x-admin-key": ""}, {"x-admin-key": "admin"}, {"x-admin-key": customer.key}, customer.bearer):
        answer = call("GET", customer.gateway.url + path, headers=headers)
        assert answer.status in (401, 403), headers.keys()
        assert answer.json()["code"]


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 5}, {"amount": "5.0000001"}, {"amount": "-5"}, {"amount": "0"}, {"amount": "1e3"}, {"amount": "NaN"},
        {"amount": ""}, {"amount": "99999999999999999999"}, {"asset": "eur"}, {"asset": 1}, {"id": ""},
        {"customer": "nobody"},
    ],
    ids=str,
)
def test_a_grant_that_is_none_is_refused(customer, change):
    grant = {"customer": customer.id, "amount": "5.00", "asset": "usd", "reason": "x", "id": secrets.token_hex(4)}
    answer = customer.gateway.admin("POST", "/v1/admin/grants", **(grant | change))
    assert answer.status in (400, 404), answer.body
    assert answer.json()["code"]


# The frame


def frames(path, key):
    body = b"{}"
    auth = f"authorization: Bearer {key}\r\n".encode()
    start = b"POST " + path.encode() + b" HTTP/1.1\r\n"
    host = b"host: gateway\r\n"
    length = b"content-length: 2\r\n"
    chunked = b"transfer-encoding: chunked\r\n"
    end = b"\r\n"
    return {
        "no Host": start + auth + length + end + body,
        "two Hosts": start + host + b"host: other\r\n" + auth + length + end + body,
        "length and chunks": start + host + auth + length + chunked + end + b"2\r\n{}\r\n0\r\n\r\n",
        "two lengths": start + host + auth + length + b"content-length: 3\r\n" + end + body,
        "a length that is none": start + host + auth + b"content-length: two\r\n" + end + body,
        "a negative length": start + host + auth + b"content-length: -2\r\n" + end + body,
        "an unknown coding": start + host + auth + b"transfer-encoding: chunked, identity\r\n" + end + b"0\r\n\r\n",
        "chunks in HTTP/1.0": start.replace(b"1.1", b"1.0") + host + auth + chunked + end + b"2\r\n{}\r\n0\r\n\r\n",
        "a space before the colon": start + host + b"content-length : 2\r\n" + auth + end + body,
        "a folded header": start + host + auth + b"x-a: b\r\n c\r\n" + length + end + body,
        "another host in the target": start.replace(b"POST ", b"POST http://elsewhere") + host + auth + length + end + body,
        "an upgrade": start + host + auth + b"connection: upgrade\r\nupgrade: h2c\r\n" + length + end + body,
        "a NUL in a header": start + host + auth + b"x-a: b\0c\r\n" + length + end + body,
        "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
        "HTTP/2's greeting": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/0.9": b"GET /v1/pricing\r\n\r\n",
    }


FRAMES = list(frames("/", ""))


@both
@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_is_ambiguous_is_refused_and_closed(customer, dialect, name):
    heard = raw(customer.gateway.port, frames(dialect.path, customer.key)[name])
    statuses = re.findall(rb"^HTTP/1\.[01] (\d+)", heard, re.MULTILINE)
    assert len(statuses) <= 1, heard
    assert not statuses or statuses[0] == b"400", heard[:300]
    if name in ("no Host", "two Hosts", "length and chunks"):
        assert statuses, "an answer says what is wrong"
    if name == "length and chunks":
        assert b"connection: close" in heard.lower()


@both
def test_names_of_other_hosts_in_headers_lead_nowhere(shared, dialect):
    """What some gateways believe, we ignore: the upstream is the configured one, with our credential.

    L5-16, otherwise: no header has an answer made up.
    """
    customer = shared.customer("1.00")
    request = dialect.request(customer)
    request["headers"] |= {
        "x-forwarded-host": "elsewhere",
        "x-portkey-custom-host": "http://127.0.0.1:9",
        "api-base": "http://127.0.0.1:9",
        "x-mock-upstream": "true",
    }
    request["json"] |= {"api_base": "http://127.0.0.1:9", "base_url": "http://127.0.0.1:9"}
    call(**request).expect(200)
    assert shared.world.simulator.received()["count"] == 1
    assert len(customer.charges()) == 1


@both
def test_answers_about_money_are_not_cached(shared, dialect):
    customer = shared.customer("1.00")
    assert call("GET", f"{customer.proxy}/balance").headers["cache-control"] == "no-store"
    assert call(**dialect.request(customer)).headers["cache-control"] == "no-store"
