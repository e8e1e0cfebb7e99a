"""What a customer could do to be served for less than it costs, and what the provider may not make them pay."""

import json
import socket

import pytest

from dialects import ANTHROPIC, BOTH, OPENAI
from money import dollars, price, prices
from programs import PATIENCE, World
from scripted import ScriptedUpstream
from wire import Stream, call, header, is_our_comment, raw_request

both = pytest.mark.parametrize("dialect", BOTH, ids=str)


@pytest.fixture(scope="module")
def scripted_world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("bargains"))
    world.scripted = ScriptedUpstream()
    world.use_upstream(world.scripted.url)
    world.shared_gateway = world.start()
    yield world
    world.close()
    world.scripted.close()


@pytest.fixture
def gateway(scripted_world):
    scripted_world.scripted.heard.clear()
    return scripted_world.shared_gateway


@pytest.fixture
def upstream(scripted_world):
    return scripted_world.scripted


def ask(dialect, customer, **more):
    return call(**dialect.request(customer, **more))


# The output limit


@pytest.mark.parametrize(
    "limits", ['"max_tokens":null', '"max_completion_tokens":null', '"max_tokens":16000,"max_completion_tokens":5'],
)
def test_a_limit_holds_whichever_name_the_upstream_reads(gateway, upstream, limits):
    upstream.answer(b"{}", content_type="application/json", status="400 Bad Request")
    request = OPENAI.request(gateway.customer("0.05"), max_tokens=None)
    body = json.dumps(request.pop("json")).rstrip("}") + f",{limits}}}"
    call(**request, body=body.encode())
    sent = json.loads(upstream.last[1], object_pairs_hook=lambda pairs: pairs)
    limits = [value for name, value in sent if name in ("max_tokens", "max_completion_tokens")]
    assert max(limit for limit in limits if limit is not None) < 5100, sent
    assert len({name for name, _ in sent}) == len(sent), sent


# Searching the web


def test_a_web_search_buys_no_more_than_the_balance_holds(world):
    """What a search brings in can not be estimated: seen once, 0.02 USD bought ten times as much."""
    gateway = world.start()
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 1}
    found = "input_tokens=60000; output_tokens=200"
    poor = gateway.customer("0.02")
    refused = ask(ANTHROPIC, poor, directives=found, max_tokens=300, tools=[search]).expect(402)
    error = ANTHROPIC.error(refused.body)
    assert error["needed"] > 60_000 * prices(gateway, ANTHROPIC.model)["input_per_1m"] // 1_000_000, error
    assert poor.charges() == [] and poor.balance() == 20_000
    # Who can pay for the worst is served.
    rich = gateway.customer("50.00")
    answer = ask(ANTHROPIC, rich, directives=found, max_tokens=2_000, tools=[search]).expect(200)
    receipt = rich.settled(answer.headers["x-farebox-receipt"])
    assert receipt["overrun"] == 0 and receipt["hold"] > receipt["charge"] >= 180_000, receipt


# Budgets of keys


def test_a_customers_own_limit_never_makes_the_operator_pay(gateway, upstream):
    """The provider counts a token for each byte, written to the dearest cache: four times the estimate and more."""
    usage = {"input_tokens": 10, "output_tokens": 10, "cache_creation_input_tokens": 95_000}
    usage["cache_creation"] = {"ephemeral_1h_input_tokens": 95_000}
    body = {"id": "m", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "x"}], "usage": usage}
    upstream.answer(json.dumps(body).encode(), content_type="application/json")
    customer = gateway.customer("100.00")
    row = prices(gateway, ANTHROPIC.model)
    worst = price(row, {"input": 10, "output": 10, "cache_write_1h": 95_000})
    text = [{"role": "user", "content": "é " * 31_000}]
    for limit in (worst // 7, worst // 2, worst * 3):
        made = call("POST", f"{gateway.url}/v1/keys", headers=customer.bearer, json={"name": "n", "limit": dollars(limit)})
        key = made.expect(201).json()["key"]
        request = ANTHROPIC.request(customer, messages=text, max_tokens=64)
        request["headers"] = {**request["headers"], **ANTHROPIC.auth(key)}
        answer = call(**request)
        gateway.world.secret("key", key)
        if answer.status == 402:
            assert ANTHROPIC.error(answer.body)["limit"] == "key_total"
        else:
            assert customer.settled(answer.headers["x-farebox-receipt"])["charge"] == worst
    assert customer.charges() == [worst], "only the limit that covers the worst is served"


def test_how_an_absence_is_paid_is_the_operators_to_say(gateway):
    customer = gateway.customer("1.00")
    url = f"{gateway.url}/v1/keys"
    call("POST", url, headers=customer.bearer, json={"name": "n", "on_disconnect": "cancel"}).expect(400)
    own = customer.key.rsplit("-", 1)[0]
    refused = call("PATCH", f"{url}/{own}", headers=customer.bearer, json={"on_disconnect": "cancel"}).expect(400)
    assert "on_disconnect" in refused.body.decode()


# Reading slowly


@both
def test_an_agent_that_stops_reading_pays_what_the_provider_reports(world, dialect):
    gateway = world.start(FAREBOX_UPSTREAM_IDLE_TIMEOUT=2, FAREBOX_DRAIN_SECONDS=120)
    customer = gateway.customer("50.00")
    # More than all the buffers between the simulator and the agent hold.
    most = 16_000 if dialect is OPENAI else 60_000
    request = dialect.request(customer, f"output_tokens={most}", stream=True, max_tokens=most)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE) as agent:
        agent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        body = json.dumps(request["json"]).encode()
        path = request["url"].removeprefix(gateway.url)
        agent.sendall(raw_request("POST", path, request["headers"].items(), body))
        head = agent.recv(1024)
        assert head.startswith(b"HTTP/1.1 200")
        receipt = customer.settled(header(head, "x-farebox-receipt"), patience=120)
    assert (receipt["usage_source"], receipt["outcome"]) == ("reported", "disconnected"), receipt
    sent = world.simulator.last()["sent"]
    assert receipt["charge"] == price(prices(gateway, dialect.model), dialect.usage(sent))


# What came before the model's answer


FIRST_ERROR = {
    "openai": b'data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":502}}\n\n',
    "anthropic": b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
}
SIGN_OF_LIFE = {"openai": b": PROCESSING\n\n", "anthropic": b'event: ping\ndata: {"type":"ping"}\n\n'}


@both
def test_a_stream_that_is_only_an_error_is_a_refusal_and_free(gateway, upstream, dialect):
    upstream.answer(FIRST_ERROR[dialect.name])
    customer = gateway.customer("5.00")
    answer = ask(dialect, customer, stream=True)
    assert answer.status == 502
    assert "verloaded" in dialect.error(answer.body)["message"]
    assert customer.charges() == [] and customer.balance() == 5_000_000


@both
@pytest.mark.parametrize("ends", ["with an error", "without a word"])
def test_signs_of_life_are_passed_on_and_not_charged(gateway, upstream, dialect, ends):
    last = [FIRST_ERROR[dialect.name]] if ends == "with an error" else []
    upstream.answer(SIGN_OF_LIFE[dialect.name], SIGN_OF_LIFE[dialect.name], *last)
    customer = gateway.customer("5.00")
    with Stream(**dialect.request(customer, stream=True)) as answer:
        assert answer.status == 200
        events = answer.events()
    assert events[:2] == [SIGN_OF_LIFE[dialect.name]] * 2
    assert dialect.is_error_event(events[-1]), events
    assert not any(map(is_our_comment, events))
    assert customer.charges() == [] and customer.balance() == 5_000_000


def test_an_answer_that_was_counted_is_charged_whatever_else_it_says(gateway, upstream):
    body = b'{"choices":[{"index":0,"message":{"content":"all of it"}}],"error":{"message":"but"},' \
        b'"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}}'
    upstream.answer(body, content_type="application/json")
    customer = gateway.customer("5.00")
    answer = ask(OPENAI, customer).expect(200)
    assert answer.body == body
    assert customer.charges() == [price(prices(gateway, OPENAI.model), {"input": 9, "output": 5})]


ODD_OUTPUT = {
    "a custom tool": {"tool_calls": [{"index": 0, "type": "custom", "custom": {"name": "f", "input": "x" * 40_000}}]},
    "parts of content": {"content": [{"type": "text", "text": "x" * 40_000}]},
    "something new": {"video": {"transcript": "x" * 40_000}},
}


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 10, "completion_tokens": 0}], ids=["no report", "report of no output"])
@pytest.mark.parametrize("delta", ODD_OUTPUT.values(), ids=ODD_OUTPUT)
def test_output_of_any_shape_is_estimated_where_nothing_is_reported(gateway, upstream, delta, usage):
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}], "usage": usage}
    upstream.answer(b"data: " + json.dumps(chunk).encode() + b"\n\n", b"data: [DONE]\n\n")
    customer = gateway.customer("5.00")
    answer = ask(OPENAI, customer, stream=True, max_tokens=10_000).expect(200)
    receipt = customer.settled(answer.headers["x-farebox-receipt"])
    assert receipt["usage_source"] == "estimated" and receipt["usage"]["output"] >= 10_000, receipt


@both
def test_how_a_request_is_written_changes_no_estimate(gateway, upstream, dialect):
    whole = {
        "openai": b'{"choices":[{"index":0,"message":{"content":"x"}}]}',
        "anthropic": b'{"type":"message","role":"assistant","content":[{"type":"text","text":"x"}]}',
    }
    upstream.answer(whole[dialect.name], content_type="application/json")
    customer = gateway.customer("0.02")
    request = dialect.request(customer, messages=[{"role": "user", "content": "Grüße, 世界 🙂 " * 20}])
    content = request.pop("json")
    written = [
        json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        json.dumps(content, ensure_ascii=True, indent=8) + " " * 200_000,
        json.dumps(content | {"metadata": {"user_id": "x" * 200_000}}),
    ]
    inputs = []
    for body in written:
        answer = call(**request, body=body.encode()).expect(200)
        receipt = customer.settled(answer.headers["x-farebox-receipt"])
        assert receipt["usage_source"] == "estimated"
        inputs.append(receipt["usage"]["input"])
    size = len(content["messages"][0]["content"].encode())
    assert inputs == [-(-(size + len("user")) // 4) + 4] * 3


# What the provider says of our account


@both
@pytest.mark.parametrize("status", ["400 Bad Request", "429 Too Many Requests", "500 Internal Server Error"])
def test_the_names_of_our_account_stay_with_us(gateway, upstream, dialect, status):
    told = b'{"type":"error","error":{"type":"x","message":"limit of org-AbCd1234EfGh and project proj_12345678"}}'
    upstream.answer(told, content_type="application/json", status=status, headers=[("retry-after", "7")])
    answer = ask(dialect, gateway.customer("5.00"))
    assert answer.status == int(status[:3]) and answer.headers["retry-after"] == "7"
    assert b"AbCd" not in answer.body and b"proj_" not in answer.body
    assert dialect.error(answer.body)["code"] == "upstream_error"


NAMING_ERROR = {
    "openai": b'data: {"error":{"message":"limit of %s","type":"x","param":null,"code":null}}\n\n',
    "anthropic": b'event: error\ndata: {"type":"error","error":{"type":"x","message":"limit of %s"}}\n\n',
}
FIRST_WORDS = {
    "openai": b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"word"}}]}\n\n',
    "anthropic": b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant",'
    b'"model":"claude-sonnet-4-6","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}\n\n',
}


@both
@pytest.mark.parametrize("name", [b"org-AbCd1234EfGh", b"proj_12345678", b"sk-proj-abc12345", "credential"], ids=str)
@pytest.mark.parametrize("begun", [True, False], ids=["in an answer", "before one"])
def test_the_names_of_our_account_stay_with_us_in_a_stream(gateway, upstream, dialect, name, begun):
    if name == "credential":
        name = gateway.settings[f"{dialect.name.upper()}_API_KEY"].encode()
    first = [FIRST_WORDS[dialect.name]] if begun else [SIGN_OF_LIFE[dialect.name]]
    upstream.answer(*first, NAMING_ERROR[dialect.name] % name)
    answer = ask(dialect, gateway.customer("5.00"), stream=True).expect(200)
    assert name not in answer.body and b"limit of" not in answer.body
    last = answer.body.strip().rsplit(b"data: ", 1)[1]
    assert dialect.error(last)["code"] == "upstream_error"
    assert (b"receipt=" in answer.body) == begun


@both
def test_an_error_that_names_nothing_of_ours_is_the_upstreams_own_word(gateway, upstream, dialect):
    told = NAMING_ERROR[dialect.name] % b"the model"
    upstream.answer(FIRST_WORDS[dialect.name], told)
    assert ask(dialect, gateway.customer("5.00"), stream=True).expect(200).body.endswith(told)


# Counting tokens


def test_counting_tokens_keeps_to_the_keys_models_and_pace(gateway, upstream):
    upstream.answer(b'{"input_tokens":3}', content_type="application/json")
    customer = gateway.customer("1.00")
    body = {"model": ANTHROPIC.model, "messages": [{"role": "user", "content": "hi"}]}

    def count(**settings):
        made = call("POST", f"{gateway.url}/v1/keys", headers=customer.bearer, json={"name": "n", **settings})
        key = made.expect(201).json()["key"]
        gateway.world.secret("key", key)
        url = f"{gateway.url}/v1/messages/count_tokens"
        answers = [call("POST", url, headers={"x-api-key": key}, json=body) for _ in range(2)]
        assert all(answer.headers["x-balance-remaining"] == "1000000" for answer in answers if answer.status == 200)
        return [answer.status for answer in answers]

    assert count(models=["openai/*"]) == [403, 403]
    assert count(requests_per_minute=1) == [200, 429]
    assert customer.charges() == []
