"""Keys that their customers manage, in OpenRouter's words, and what each of them may spend."""

import asyncio
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dialects import ANTHROPIC, BOTH, OPENAI
from money import dollars
from programs import PATIENCE, Customer, run_json, until, within_one_day
from test_overspend import AFFORDABLE, COSTLY, crowd, hold_of_one, request_bytes
from wire import LeanConnection, Stream, call

both = pytest.mark.parametrize("dialect", BOTH, ids=str)
either = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture(autouse=True)
def one_day():
    within_one_day()


@pytest.fixture(scope="module")
def shared_settings():
    """A drain outlasts every wait: what ends sooner ends for another reason."""
    return {"FAREBOX_DRAIN_SECONDS": 4 * PATIENCE}


@pytest.fixture
def manager(shared):
    return shared.customer("50.00")


def ask(method, customer, path="", **content):
    url = f"{customer.gateway.url}/v1/keys{path}"
    return call(method, url, headers=customer.bearer, json=content or None)


def make(manager, **settings):
    """A new key of the manager's customer, as a customer that can be asked and spends."""
    made = ask("POST", manager, name="made", **settings).expect(201).json()
    manager.gateway.world.secret("key", made["key"])
    key = Customer(manager.gateway, manager.id, made["key"])
    key.hash = made["data"]["hash"]
    return key


def spend(customer, dialect=OPENAI, directives="", **more):
    return call(**dialect.request(customer, directives, **more))


# What an operator does


def limit_customer(manager, **limits):
    path = f"/v1/admin/customers/{manager.id}"
    return manager.gateway.admin("PATCH", path, limits=limits).expect(200).json()


@both
@pytest.mark.parametrize("window", ["total", "daily", "weekly", "monthly"])
def test_all_keys_of_a_customer_together_keep_to_its_limit(manager, dialect, window):
    """The key that manages the others can not lift it, nor make a key that is free of it."""
    spend(manager, dialect).expect(200)
    [charge] = manager.charges()
    shown = limit_customer(manager, **{window: (charge + 5) / 1e6})
    assert shown["limits"] == {window: pytest.approx((charge + 5) / 1e6)}
    assert shown["usage"][window] == pytest.approx(charge / 1e6)
    for key in (manager, make(manager), make(manager, limit=40)):
        refused = spend(key, dialect).expect(402)
        error = dialect.error(refused.body)
        assert (error["code"], error["limit"]) == ("customer_limit_reached", f"customer_{window}")
    ask("PATCH", manager, f"/{manager.key.rsplit('-', 1)[0]}", limit=None).expect(200)
    spend(manager, dialect).expect(402)
    assert limit_customer(manager, **{window: None})["limits"] == {}
    spend(manager, dialect).expect(200)


def test_a_crowd_of_keys_can_not_spend_more_than_their_customers_limit(world):
    gateway = world.start(FAREBOX_HOLDS_MODE="strict")
    manager = gateway.customer("50.00")
    keys = [make(manager) for _ in range(8)]
    spend(keys[0]).expect(200)
    [charge] = manager.charges()
    limit_customer(manager, daily=charge * 20 / 1e6)
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: spend(keys[number % 8]).status, range(200)))
    assert set(answers) == {200, 402}
    gateway.wait_until_no_holds()
    assert answers.count(200) < 20
    world.audit()


def test_an_operator_shows_and_limits_a_customer_from_the_shell(manager):
    def farebox(*arguments):
        database = ["--database", manager.gateway.database, "--json"]
        return run_json("customers", *arguments, manager.id, *database, FAREBOX_ADMIN_KEY=manager.gateway.admin_key)

    limited = farebox("limit", "--limit-daily", "2.50", "--limit-total", "40")
    assert limited["limits"] == {"daily": 2.5, "total": 40} and limited["available"] == 50
    assert farebox("limit", "--limit-daily", "none")["limits"] == {"total": 40}
    assert farebox("show")["limits"] == {"total": 40}
    manager.gateway.admin("PATCH", "/v1/admin/customers/cus_nobody", limits={}).expect(404)
    manager.gateway.admin("PATCH", f"/v1/admin/customers/{manager.id}", limits={"yearly": 1}).expect(400)
    manager.gateway.admin("PATCH", f"/v1/admin/customers/{manager.id}", limit=1).expect(400)


# What a manager does


def test_a_key_is_made_shown_changed_listed_and_deleted(manager):
    key = make(
        manager, limit=2.5, limit_reset="daily", expires_at="2099-12-31T23:59:59Z", include_byok_in_limit=False,
    )
    shown = ask("GET", manager, f"/{key.hash}").expect(200).json()["data"]
    assert shown["hash"] == key.key.rsplit("-", 1)[0]
    assert (shown["name"], shown["disabled"]) == ("made", False)
    assert (shown["limit"], shown["limit_reset"], shown["limit_remaining"]) == (2.5, "daily", 2.5)
    assert shown["expires_at"] == "2099-12-31T23:59:59+00:00"
    assert (shown["usage"], shown["usage_daily"], shown["usage_weekly"], shown["usage_monthly"]) == (0, 0, 0, 0)

    spend(key).expect(200)
    charge = key.charges()[0]
    own = call("GET", f"{manager.gateway.url}/v1/key", headers=key.bearer).expect(200).json()["data"]
    assert own["usage"] == own["usage_daily"] == own["usage_monthly"] == pytest.approx(charge / 1e6, abs=1e-12)
    assert own["limit_remaining"] == pytest.approx(2.5 - charge / 1e6, abs=1e-12)

    changed = ask("PATCH", manager, f"/{key.hash}", name="new", limit="7.000001", limit_reset=None).expect(200).json()
    assert (changed["data"]["name"], changed["data"]["limit"], changed["data"]["limit_reset"]) == ("new", 7.000001, None)
    assert changed["data"]["updated_at"]
    listed = ask("GET", manager).expect(200).json()["data"]
    assert {row["hash"] for row in listed} == {key.hash, manager.key.rsplit("-", 1)[0]}

    assert ask("DELETE", manager, f"/{key.hash}").expect(200).json() == {"deleted": True}
    spend(key).expect(401)
    ask("PATCH", manager, f"/{key.hash}", name="x").expect(404)


def test_a_disabled_key_spends_nothing_until_it_is_enabled(manager):
    key = make(manager)
    ask("PATCH", manager, f"/{key.hash}", disabled=True).expect(200)
    spend(key).expect(401)
    ask("PATCH", manager, f"/{key.hash}", disabled=False).expect(200)
    spend(key).expect(200)


def test_a_key_that_has_expired_is_no_credential(manager):
    for text in ("2027-12-31T23:59:59Zgarbage", "2027-02-31T00:00:00Z", "tomorrow"):
        ask("POST", manager, name="made", expires_at=text).expect(400)
    key = make(manager, expires_at="2020-01-01T00:00:00Z")
    spend(key).expect(401)
    soon = time.time() + 5
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(soon)) + f".{int(soon % 1 * 1000):03}Z"
    ask("PATCH", manager, f"/{key.hash}", expires_at=text).expect(200)
    spend(key).expect(200)
    until(lambda: spend(key).status == 401, "the key to expire")


@both
def test_a_key_uses_the_models_of_its_list_alone(manager, dialect):
    key = make(manager, models=["openai/*"])
    answer = spend(key, dialect)
    assert answer.status == (200 if dialect is OPENAI else 403)
    if dialect is ANTHROPIC:
        assert dialect.error(answer.body)["code"] == "model_not_allowed"
    # By an alias.
    ask("PATCH", manager, f"/{key.hash}", models=[dialect.model]).expect(200)
    spend(key, dialect).expect(200)
    listed = call("GET", f"{manager.gateway.url}/v1/models", headers=key.bearer | dialect.headers).expect(200).json()["data"]
    assert len(listed) == 1 and listed[0]["id"].endswith(dialect.model)
    ask("PATCH", manager, f"/{key.hash}", models=None).expect(200)
    spend(key, dialect).expect(200)


def test_a_made_key_manages_nothing(manager):
    key = make(manager)
    for method, path in [("GET", ""), ("POST", ""), ("GET", f"/{key.hash}"), ("PATCH", f"/{key.hash}"),
                         ("DELETE", f"/{key.hash}"), ("POST", f"/{key.hash}/rotate")]:
        answer = ask(method, key, path, name="x") if method in ("POST", "PATCH") else ask(method, key, path)
        assert answer.expect(403).json()["error"]["code"] == "may_not_manage_keys"


def test_another_customers_key_is_not_there(manager):
    other = manager.gateway.customer("1.00")
    hash = other.key.rsplit("-", 1)[0]
    for method in ("GET", "PATCH", "DELETE"):
        answer = ask(method, manager, f"/{hash}", **({"disabled": True} if method == "PATCH" else {}))
        assert answer.expect(404).json()["error"]["code"] == "key_not_found"
    ask("POST", manager, f"/{hash}/rotate").expect(404)
    spend(other).expect(200)


@pytest.mark.parametrize(
    "field, value",
    [
        ("limit", -1), ("limit", "five"), ("limit", 0.0000001), ("limit", True), ("limit", 1e30),
        ("limit_reset", "hourly"), ("limit_reset", "total"), ("limits", {"hourly": 1}), ("expires_at", "tomorrow"),
        ("expires_at", 5), ("models", "gpt-4o"), ("models", [""]), ("requests_per_minute", 0),
        ("tokens_per_minute", -1), ("max_concurrency", 1.5), ("on_disconnect", "explode"), ("name", "x" * 256),
        ("Limit", 1), ("manages_keys", True), ("role", "admin"), ("customer", "cus_other"), ("usage", 0), ("hash", "fbx-0"),
    ],
)
def test_a_setting_that_is_none_is_refused_and_named(manager, field, value):
    before = len(ask("GET", manager).json()["data"])
    url = f"{manager.gateway.url}/v1/keys"
    error = call("POST", url, headers=manager.bearer, json={field: value}).expect(400).json()["error"]
    assert error["code"] == "invalid_parameter"
    assert field in error["message"]
    assert len(ask("GET", manager).json()["data"]) == before


@pytest.mark.parametrize("number", ["1." + "0" * 43 + "1", "0." + "0" * 50 + "1", "1e-200", "1" + "0" * 50, "1.0000001"])
@pytest.mark.parametrize("body", ['{"limit": %s}', '{"limits": {"daily": %s}}'])
def test_money_is_read_to_its_last_digit(manager, number, body):
    headers = manager.bearer | {"content-type": "application/json"}
    answer = call("POST", f"{manager.gateway.url}/v1/keys", headers=headers, body=body % number)
    error = answer.expect(400).json()["error"]
    assert error["code"] == "invalid_parameter" and "limit" in error["message"]


@pytest.mark.parametrize("body", ["[]", "null", "5"])
def test_a_body_that_is_no_object_is_named(manager, body):
    headers = manager.bearer | {"content-type": "application/json"}
    answer = call("POST", f"{manager.gateway.url}/v1/keys", headers=headers, body=body)
    assert answer.expect(400).json()["error"]["message"].startswith("body is missing")


# What a key may spend


@both
@pytest.mark.parametrize("window", ["total", "daily", "weekly", "monthly"])
def test_402_names_the_limit_that_was_hit(manager, dialect, window):
    key = make(manager, limits={window: "0.000001"})
    answer = spend(key, dialect).expect(402)
    error = dialect.error(answer.body)
    assert (error["code"], error["limit"], error["available"]) == ("key_limit_reached", f"key_{window}", 1)
    assert error["needed"] > 1
    assert (error["resets_at"] is None) == (window == "total")
    assert answer.headers["x-should-retry"] == "false"
    ask("PATCH", manager, f"/{key.hash}", limits={window: None}).expect(200)
    spend(key, dialect).expect(200)


def test_a_limit_that_is_lowered_holds_from_the_next_request_on(manager):
    key = make(manager, limit=5)
    spend(key).expect(200)
    ask("PATCH", manager, f"/{key.hash}", limit=0.000001).expect(200)
    spend(key).expect(402)


def test_what_a_limit_leaves_caps_the_output(manager):
    hold = spend(manager, max_tokens=4096).expect(200)
    full = manager.settled(hold.headers["x-farebox-receipt"])["hold"]
    key = make(manager, limit=dollars(full // 2))
    answer = spend(key, max_tokens=4096).expect(200)
    assert 1024 <= int(answer.headers["x-farebox-output-cap"]) < 4096


@pytest.mark.parametrize("window, stream", [("daily", False), ("total", True), ("monthly", False)])
def test_a_crowd_can_not_spend_more_than_its_keys_limit(world, window, stream):
    gateway = world.start(FAREBOX_HOLDS_MODE="strict")
    world.simulator.answer(COSTLY)
    hold = hold_of_one(gateway, OPENAI, stream)
    manager = gateway.customer("500.00")
    key = make(manager, limits={window: dollars(AFFORDABLE * hold), "weekly": dollars(10**9)})
    world.simulator.answer(COSTLY)
    before = world.simulator.received()["count"]
    answers = asyncio.run(crowd(gateway.port, request_bytes(OPENAI, key, stream), 1000))
    served = [answer for answer in answers if answer[0] == 200]
    refused = [OPENAI.error(answer[2]) for answer in answers if answer[0] == 402]
    assert (len(served), len(refused)) == (AFFORDABLE, 1000 - AFFORDABLE)
    assert {error["limit"] for error in refused} == {f"key_{window}"}
    assert world.simulator.received()["count"] - before == AFFORDABLE
    shown = ask("GET", manager, f"/{key.hash}").json()["data"]
    assert shown["limit_remaining"] == 0
    assert shown["usage"] == pytest.approx(AFFORDABLE * hold / 1e6, abs=1e-9)
    spend(manager).expect(200)
    gateway.wait_until_no_holds()
    world.audit()


# How fast a key may go


def test_requests_a_minute_are_counted_and_429_says_how_long_to_wait(manager):
    key = make(manager, requests_per_minute=3)
    assert [spend(key).status for _ in range(5)] == [200, 200, 200, 429, 429]
    answer = spend(key)
    assert 1 <= int(answer.headers["retry-after"]) <= 61
    assert OPENAI.error(answer.body)["code"] == "rate_limited"
    assert len(key.charges()) == 3


def test_tokens_a_minute_are_counted_as_reported(manager):
    key = make(manager, tokens_per_minute=1000)
    spend(key, directives="input_tokens=300; output_tokens=100", max_tokens=500).expect(200)
    # 400 of 1,000 are counted: 400 more and the bytes of the question fit, 700 do not.
    spend(key, directives="input_tokens=10; output_tokens=10", max_tokens=700).expect(429)
    spend(key, directives="input_tokens=10; output_tokens=10", max_tokens=400).expect(200)


def test_what_runs_counts_with_the_most_tokens_that_it_can_take(manager):
    """Its input can be as many tokens as it has bytes; four times the estimate would pass the limit."""
    key = make(manager, tokens_per_minute=1000)
    request = OPENAI.request(key, "input_tokens=800; output_tokens=10; delay_head_ms=600", max_tokens=10)
    request["json"]["messages"][0]["content"] = "#" * 800
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: call(**request).status, range(4)))
    assert statuses == [200, 429, 429, 429]


def test_a_refused_request_counts_no_tokens(manager):
    key = make(manager, tokens_per_minute=1000, limit=0.000001)
    for _ in range(3):
        spend(key, max_tokens=900).expect(402)


def test_what_a_full_gateway_turns_away_counts_for_no_key(world):
    gateway = world.start(FAREBOX_INFERENCE_LIMIT=1, FAREBOX_DRAIN_SECONDS=1)
    customer = gateway.customer("5.00")
    key = make(customer, requests_per_minute=1, tokens_per_minute=1000)
    with Stream(**OPENAI.request(customer, "fault=stall_after_events:1", stream=True)) as stream:
        stream.events(1)
        for _ in range(2):
            error = OPENAI.error(spend(key, max_tokens=900).expect(503).body)
            assert error["code"] == "overloaded"
        stream.leave()
    gateway.wait_until_no_holds()
    # The place is free a moment after the hold.
    until(lambda: spend(key, max_tokens=900).status == 200, "the place to be free")
    spend(key, max_tokens=900).expect(429)


def test_a_stream_counts_as_running_to_its_last_byte(manager):
    key = make(manager, max_concurrency=1)
    slow = OPENAI.request(key, "output_tokens=80; delay_chunk_ms=50", stream=True, max_tokens=100)
    with Stream(**slow) as stream:
        stream.events(2)
        answer = spend(key)
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        spend(manager).expect(200)
        stream.events()
    until(lambda: spend(key).status == 200, "the place to be free")


@both
@either
def test_an_agent_that_asks_one_thing_after_the_other_is_one_at_a_time(manager, dialect, stream):
    """It has heard the end of an answer: the place is free, however busy the machine is."""
    key = make(manager, max_concurrency=1)
    request = request_bytes(dialect, key, stream)

    async def one_after_the_other():
        connection = LeanConnection(manager.gateway.port)
        statuses = [(await connection.ask(request))[0] for _ in range(300)]
        connection.close()
        return statuses

    assert set(asyncio.run(one_after_the_other())) == {200}


def test_an_agent_that_left_gives_its_place_back(manager):
    key = manager.new_key("--concurrency", "1", "--on-disconnect", "cancel")
    endless = OPENAI.request(key, "fault=stall_after_events:2", stream=True)
    stream = Stream(**endless).__enter__()
    stream.events(2)
    assert spend(key).status == 429
    stream.leave()
    until(lambda: spend(key).status == 200, "the place to be free")


def test_a_limit_that_is_set_while_streams_run_counts_them(manager):
    key = manager.new_key("--on-disconnect", "cancel")
    path = "/" + key.key.rsplit("-", 1)[0]
    endless = OPENAI.request(key, "fault=stall_after_events:1", stream=True)
    with Stream(**endless) as one, Stream(**endless) as two:
        one.events(1), two.events(1)
        ask("PATCH", manager, path, max_concurrency=2).expect(200)
        assert spend(key).status == 429
        ask("PATCH", manager, path, max_concurrency=3).expect(200)
        spend(key).expect(200)
    manager.gateway.wait_until_no_holds()


@pytest.mark.parametrize("limits", [{"daily": 1, "monthly": 5}, {"total": 10, "daily": 1}], ids=str)
def test_a_window_alone_takes_no_budget_away(manager, limits):
    key = make(manager, limits=limits)
    for window in ("weekly", "monthly", None):
        changed = ask("PATCH", manager, f"/{key.hash}", limit_reset=window).expect(200).json()["data"]
        assert changed["limits"] == limits


def test_no_more_run_at_a_time_than_may(manager):
    key = make(manager, max_concurrency=5)
    manager.gateway.world.simulator.answer("fault=stall_head")
    request = request_bytes(OPENAI, key, stream=False)

    def are_running():
        return manager.gateway.world.simulator.received()["inflight"] == 5

    async def forty():
        connections = [LeanConnection(manager.gateway.port) for _ in range(40)]
        asking = [asyncio.create_task(connection.ask(request)) for connection in connections]
        first = itertools.islice(asyncio.as_completed(asking, timeout=PATIENCE), 35)
        statuses = [(await answer)[0] for answer in first]
        await asyncio.to_thread(until, are_running, "five to run")
        waiting = [task for task in asking if not task.done()]
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        for connection in connections:
            connection.close()
        return statuses, len(waiting)

    assert asyncio.run(forty()) == ([429] * 35, 5)
    manager.gateway.wait_until_no_holds()
