"""What is hidden in paths, methods, fields, bodies and answers stays what it is: text, or a refusal."""

import gzip
import json
import secrets

import pytest

from dialects import ANTHROPIC, BOTH, OPENAI
from programs import ROOT, World
from scripted import ScriptedUpstream
from wire import call, parse, raw, raw_request

both = pytest.mark.parametrize("dialect", BOTH, ids=str)
ROUTES = [
    line.split() for line in (ROOT / "Tests/Journeys/routes.txt").read_text().splitlines() if not line.startswith("#")
]
GUARDED = [route for route in ROUTES if route[2] != "open"]
# 256 MiB that fit into 256 KiB.
UNPACKED = 256 << 20
BOMB = gzip.compress(b" " * UNPACKED)
# Of that, what nobody unpacked may have added to the memory; in KiB.
NOT_UNPACKED = UNPACKED // 4 >> 10
EVIL = "evil-" + secrets.token_hex(6)


@pytest.fixture(scope="module")
def scripted_world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("injection"))
    world.scripted = ScriptedUpstream()
    world.use_upstream(world.scripted.url)
    # Everything that is ever logged is logged.
    world.gateway = world.start(FAREBOX_LOG_LEVEL="trace")
    yield world
    world.close()
    world.scripted.close()


@pytest.fixture
def upstream(scripted_world):
    scripted_world.scripted.heard.clear()
    return scripted_world.scripted


@pytest.fixture
def customer(scripted_world):
    return scripted_world.gateway.customer("1.00")


def fields(dialect, customer, *more):
    return [*dialect.headers.items(), *dialect.auth(customer.key).items(), *more]


def send(dialect, customer, body, *more):
    heard = raw(customer.gateway.port, raw_request("POST", dialect.path, fields(dialect, customer, *more), body))
    return parse(heard), heard


def resident(gateway):
    """KiB of memory, at its highest."""
    with open(f"/proc/{gateway.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


# Compression


@both
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "gzip, gzip", "identity, gzip"])
def test_a_compressed_body_is_refused_and_never_unpacked(customer, upstream, dialect, coding):
    before = resident(customer.gateway)
    for body in (BOMB, gzip.compress(json.dumps(dialect.body()).encode()), json.dumps(dialect.body()).encode()):
        answer, _ = send(dialect, customer, body, ("content-encoding", coding))
        assert answer.status == 400, answer.body
        dialect.error(answer.body)
    assert resident(customer.gateway) - before < NOT_UNPACKED
    assert upstream.heard == []


@both
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("told", [True, False])
def test_a_compressed_answer_is_the_upstreams_fault_and_costs_nothing(customer, upstream, dialect, stream, told):
    before = resident(customer.gateway)
    kind = "text/event-stream" if stream else "application/json"
    upstream.answer(BOMB, content_type=kind, headers=[("content-encoding", "gzip")] if told else [])
    answer, _ = send(dialect, customer, json.dumps(dialect.body(stream)).encode())
    assert BOMB[:64] not in answer.body or not told
    if told or not stream:
        assert answer.status == 502, answer.body[:200]
    assert not told or b"compressed" in answer.body
    customer.gateway.wait_until_no_holds()
    assert resident(customer.gateway) - before < NOT_UNPACKED
    if told or not stream:
        assert customer.balance() == 1_000_000


# Paths and methods

TRICKS = [
    "/v1/{up}/admin/stats", "/v1/models/{up}/admin/stats", "/proxy/{key}/{up}/{up}/v1/admin/stats", "/v1/admin/{dot}/stats",
    "/v1//admin/stats", "//v1/admin/stats", "/v1/admin//stats", "/v1/admin%2fstats", "/v1%2Fadmin%2Fstats",
    "/v1/admin/stats%00", "/v1/admin/stats%20", "/v1/admin/stats;a=b", "/v1/admin/stats/.", "/v1/admin/stats/..",
    "/V1/ADMIN/STATS", "/v1/admin/stats.json", "/v1/%61dmin/stats", "/v1/admin%252fstats", "/v1\\admin\\stats",
    "/v1/admin%5cstats", "/v1/admin/stats#/health", "/health?/../v1/admin/stats", "/health/../v1/admin/stats",
    "/health%0d%0aHost:%20x", "/%c0%af/v1/admin/stats", "/v1/%ef%bc%8e%ef%bc%8e/admin/stats",
    "http://gateway/v1/admin/stats", "http://elsewhere/v1/admin/stats", "file:///etc/passwd", "elsewhere:443", "*",
]
UPS = ["..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "..;", "..%00", "%252e%252e"]


@pytest.mark.parametrize("trick", TRICKS)
def test_no_path_leads_around_the_operators_door(customer, trick):
    for up in UPS if "{up}" in trick else UPS[:1]:
        path = trick.format(up=up, dot="%2e", key=customer.key)
        for host in ("gateway", "gateway/v1/admin/stats?", "localhost"):
            heard = raw(customer.gateway.port, raw_request("GET", path, [("authorization", f"Bearer {customer.key}")], host=host))
            answer = parse(heard)
            if path.startswith("/health?") and "?" not in host:
                assert answer.json()["status"] == "ok"
            else:
                assert answer.status in (400, 401, 403, 404), (path, host, answer.status, answer.body[:200])
            assert b"trial" not in answer.body
            assert b"usd" not in answer.body.lower()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "PURGE", "BREW", "OPTIONS", "HEAD", "get", "POST\x00"])
def test_a_method_that_no_route_takes_is_refused_on_each_and_repeats_nothing(customer, method):
    for path in sorted({path.replace("{token}", customer.key).replace("{id}", "x").replace("/**", "/o3") for _, path, _ in ROUTES}):
        heard = raw(customer.gateway.port, raw_request(method, path, [("x-echo", EVIL)]))
        answer = parse(heard)
        assert answer.status in (400, 405), (method, path, answer.status)
        assert EVIL.encode() not in heard
        assert customer.key.encode() not in heard
        if method == "HEAD":
            assert answer.body == b"", path


# What is repeated

LINES = ["\r\nx-evil: {e}", "%0d%0ax-evil:%20{e}", "\nx-evil: {e}", "\rx-evil: {e}", "\u2028x-evil: {e}", "\x85x-evil: {e}"]
REPEATED = [
    "x-request-id", "request-id", "x-client-request-id", "idempotency-key", "anthropic-version", "anthropic-beta",
    "openai-organization", "openai-beta", "x-stainless-retry-count", "accept", "content-type", "origin", "traceparent",
    "x-forwarded-for", "x-forwarded-host", "user-agent", "connection",
]


def heads(heard):
    """The fields of each answer in the bytes."""
    return [line for line in heard.partition(b"\r\n\r\n")[0].split(b"\r\n")]


@both
@pytest.mark.parametrize("name", REPEATED)
def test_no_field_of_a_request_becomes_a_field_of_an_answer(customer, upstream, dialect, name):
    upstream.answer(b'{"usage":{"input_tokens":1,"output_tokens":1,"prompt_tokens":1,"completion_tokens":1}}', content_type="application/json")
    body = json.dumps(dialect.body()).encode()
    for line in LINES:
        value = ("a" + line.format(e=EVIL)).encode().decode("latin-1")
        request = raw_request("POST", dialect.path, fields(dialect, customer), body)
        request = request.replace(b"\r\n\r\n", b"\r\n" + f"{name}: {value}".encode("latin-1") + b"\r\n\r\n", 1)
        heard = raw(customer.gateway.port, request)
        assert EVIL.encode() not in heard.partition(b"\r\n\r\n")[0], (name, line, heard[:400])
        assert not [field for field in heads(heard) if field.lower().startswith(b"x-evil")]


@both
def test_no_name_of_a_model_becomes_a_field_or_an_event(customer, upstream, dialect):
    for line in LINES:
        name = "gpt-4o" + line.format(e=EVIL)
        for stream in (False, True):
            answer, heard = send(dialect, customer, json.dumps(dialect.body(stream) | {"model": name}).encode())
            assert answer.status == 404
            assert EVIL.encode() not in heard.partition(b"\r\n\r\n")[0]
            assert b"\nx-evil" not in heard
            dialect.error(answer.body)
    assert upstream.heard == []


TEXTS = ["a\r\n\r\ndata: {e}\r\n\r\n", "a\n\ndata: {e}\n\n", "a\r\rdata: {e}\r\r", "a\u2028\u2029\x85data: {e}", '"}}\n\ndata: {e}']


@both
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("started", [False, True])
def test_an_upstreams_words_never_become_an_event_of_ours(customer, upstream, dialect, text, started):
    """An error's text, before the stream and in it, arrives as one event of JSON or in an error body."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": text.format(e=EVIL)}}
    content = json.dumps(error, ensure_ascii=False).encode()
    if started:
        # JSON escapes line ends; what is sent is one event.
        upstream.answer(b"event: error\ndata: " + content + b"\n\n" if dialect is ANTHROPIC else b"data: " + content + b"\n\n")
    else:
        upstream.answer(content, content_type="application/json", status="529 Overloaded")
    answer, heard = send(dialect, customer, json.dumps(dialect.body(True)).encode())
    assert EVIL.encode() not in heard.partition(b"\r\n\r\n")[0]
    lines = answer.body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert not [line for line in lines if line.startswith(b"data: evil") or line.startswith(EVIL.encode())], answer.body
    customer.gateway.wait_until_no_holds()


@both
def test_an_upstreams_fields_do_not_split_ours(customer, upstream, dialect):
    """A field with a bare CR or LF is no field: the upstream is at fault, and nothing of it is passed on."""
    body = b'{"usage":{"input_tokens":1,"output_tokens":1,"prompt_tokens":1,"completion_tokens":1}}'
    for value in ("a\rx-evil: 1", "a\nx-evil: 1", "a\0b", "a\r\n x-evil: 1", "a\x85x-evil: 1"):
        upstream.answer(body, content_type="application/json", headers=[("x-ratelimit-remaining-requests", value)])
        _, heard = send(dialect, customer, json.dumps(dialect.body()).encode())
        assert not [field for field in heads(heard) if field.lower().startswith(b"x-evil")], heard[:400]
        assert b"\0" not in heard


# What no cache may keep


def ask(gateway, method, path, headers, key):
    target = path.replace("{token}", key).replace("**", "o3").replace("{id}", "fbx-000000000000")
    body = b"" if method in ("GET", "DELETE") else b"{}"
    return parse(raw(gateway.port, raw_request(method, target, list(headers.items()), body)))


@pytest.mark.parametrize("method, path, credential", GUARDED, ids=[f"{m} {p}" for m, p, _ in GUARDED])
def test_no_answer_behind_a_credential_is_cached(customer, method, path, credential):
    gateway = customer.gateway
    right = {"x-admin-key": gateway.admin_key} if credential == "operator" else customer.bearer
    for headers, key in ((right, customer.key), ({}, "fbx-000000000000-" + "0" * 64)):
        answer = ask(gateway, method, path, headers, key)
        assert answer.headers["cache-control"] == "no-store", (answer.status, answer.headers["cache-control"])


@both
@pytest.mark.parametrize("stream", [False, True])
def test_no_answer_of_a_model_is_cached(shared, dialect, stream):
    answer = call(**dialect.request(shared.customer("1.00"), stream=stream)).expect(200)
    assert answer.headers["cache-control"] == "no-store"


def test_a_new_key_is_not_cached(customer):
    assert call("POST", f"{customer.gateway.url}/v1/register").expect(200).headers["cache-control"] == "no-store"


# Secrets


def test_no_secret_is_in_a_log_a_metric_an_error_or_the_database(scripted_world, customer, upstream):
    """Canaries go every way through the gateway, at the most talkative level; `check_secrets` reads every file."""
    gateway = scripted_world.gateway
    canary = {name: scripted_world.secret(name, f"canary-{name}-{secrets.token_hex(12)}") for name in
              ("prompt", "answer", "credential", "admin", "idempotency", "metadata", "cookie", "query")}
    heard = b""
    good = b'{"usage":{"input_tokens":1,"output_tokens":1,"prompt_tokens":1,"completion_tokens":1},"text":"%s"}' % canary["answer"].encode()
    for dialect in BOTH:
        more = [("idempotency-key", canary["idempotency"]), ("cookie", canary["cookie"])]
        whole = json.dumps(dialect.body(messages=[{"role": "user", "content": canary["prompt"]}], metadata={"user_id": canary["metadata"]}))
        for body, status in [(whole, "200 OK"), (whole, "500 No"), (whole[:-9], "200 OK"), (whole.replace('"messages"', '"message"'), "200 OK")]:
            upstream.answer(good, content_type="application/json", status=status)
            _, told = send(dialect, customer, body.encode(), *more)
            heard += told.replace(good, b"")
            more = [("idempotency-key", canary["idempotency"] + "x"), ("cookie", canary["cookie"])]
        for headers in ([("authorization", f"Bearer {canary['credential']}")], [("x-admin-key", canary["admin"])]):
            for path in (dialect.path, "/v1/admin/grants", f"/nowhere?key={canary['query']}", f"/proxy/{canary['query']}/v1/messages"):
                heard += raw(gateway.port, raw_request("POST", path, headers, whole.encode()))
    upstream.answer(b"data: " + canary["answer"].encode() + b"\n\n")
    send(OPENAI, customer, json.dumps(OPENAI.body(True)).encode())
    gateway.wait_until_no_holds()
    heard += call("GET", f"{gateway.url}/metrics").body + call("GET", f"{gateway.url}/health").body
    for name, secret in canary.items():
        assert secret.encode() not in heard, name
    assert gateway.errors.stat().st_size > 1000, "the log was written"
    scripted_world.check_secrets()


# A letter with marks in another order than Unicode's, which takes the square of their number to find.
MARKS = "e" + "\u0301\u0323" * 500_000


@both
@pytest.mark.parametrize("place", ["model", "key", "kind"])
def test_no_name_holds_others_up_however_it_is_written(customer, upstream, dialect, place):
    """Two megabytes of it, from an agent; minutes, if it were compared as Unicode does."""
    body = dialect.body()
    if place == "model":
        body["model"] = MARKS
    elif place == "key":
        body["future"] = {MARKS: "a", "b": "c"}
    else:
        body["messages"] = [{"role": "user", "content": [{"type": MARKS, "text": "Hi"}]}]
    answer, _ = send(dialect, customer, json.dumps(body, ensure_ascii=False).encode())
    # What we do not know is paid for like any text, and two megabytes are more than this customer has.
    assert answer.status == (402 if place == "key" else 400)


@pytest.mark.parametrize("name", ["host", "content-encoding", "expect", "connection", "transfer-encoding"])
def test_no_field_holds_others_up_however_it_is_written(customer, upstream, name):
    lines = [f"{name}: {MARKS[:15_000]}"] if name == "host" else ["host: gateway", f"{name}: {MARKS[:15_000]}"]
    lines += [f"authorization: Bearer {customer.key}", "content-length: 2"]
    request = "\r\n".join(["POST /v1/chat/completions HTTP/1.1", *lines, "", "{}"]).encode()
    assert parse(raw(customer.gateway.port, request)).status == 400


def test_a_long_target_is_refused(customer):
    path = "/v1/models/" + "a" * 5000
    assert call("GET", customer.gateway.url + path, headers={"authorization": f"Bearer {customer.key}"}).status == 400
