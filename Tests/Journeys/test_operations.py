"""Starting, watching and stopping a gateway."""

import http.client
import json
import os
import re
import signal
import socket
import threading

import pytest

from dialects import ANTHROPIC, BOTH, OPENAI
from money import prices
from programs import PATIENCE, run, until
from wire import Stream, call, parse, raw, raw_request

both = pytest.mark.parametrize("dialect", BOTH, ids=str)

# Registration


def test_a_registration_gives_everything_an_agent_needs(world):
    """L5-5, with a code of 128 bits and instructions that a program can read."""
    gateway = world.start(FAREBOX_PUBLIC_URL="https://pay.example.com")
    answer = call("POST", f"{gateway.url}/v1/register").expect(200)
    told = answer.json()
    world.secret("key", told["api_token"])
    assert re.fullmatch(r"fbx-[0-9a-f]{12}-[0-9a-f]{64}", told["api_token"])
    assert re.fullmatch(r"[0-9a-f]{32}", told["deposit_code"])
    assert told["base_url"].startswith("https://pay.example.com")
    assert told["status"] == "pending_deposit"
    assert told["instructions"]
    assert answer.headers["cache-control"] == "no-store"


def test_the_balance_works_from_registration_on(gateway):
    customer = gateway.customer()
    told = call("GET", f"{customer.proxy}/balance").expect(200).json()
    assert (told["usdc_balance"], told["status"], told["is_active"]) == (0, "pending_deposit", False)
    assert told["api_token"] == customer.key.rsplit("-", 1)[0]
    customer.grant("2.50")
    told = call("GET", f"{customer.proxy}/balance").expect(200).json()
    assert told["usdc_balance"] == 2_500_000
    assert told["is_active"] is True
    assert told["balances"]["usd"] == {"posted": 2_500_000, "held": 0, "available": 2_500_000}


def test_registrations_are_limited_per_minute(world):
    gateway = world.start(FAREBOX_REGISTER_LIMIT=10)
    answers = [call("POST", f"{gateway.url}/v1/register") for _ in range(12)]
    assert [answer.status for answer in answers] == [200] * 10 + [429] * 2
    refused = answers[-1]
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.json()["code"]
    # The address is the connection's, not what a header says.
    lied = call("POST", f"{gateway.url}/v1/register", headers={"x-forwarded-for": "203.0.113.9"})
    assert lied.status == 429


def test_behind_a_proxy_the_last_address_counts_and_nothing_that_an_agent_adds(world):
    gateway = world.start(FAREBOX_REGISTER_LIMIT=2, FAREBOX_CLIENT_ADDRESS_HEADER="X-Forwarded-For")

    def register(*lines):
        """What the proxy in front hands on: its own word is the last."""
        fields = [("x-forwarded-for", line) for line in lines]
        heard = raw(gateway.port, raw_request("POST", "/v1/register", fields))
        return parse(heard).status

    agent = "203.0.113.9"
    assert [register(agent), register(f"198.51.100.1, {agent}")] == [200, 200]
    for lines in ([agent], [f"198.51.100.2,{agent}"], ["198.51.100.3", agent], [f"198.51.100.4, {agent} "], [f", ,{agent}"]):
        assert register(*lines) == 429, lines
    # Another agent behind the same proxy, and one that the proxy says nothing of.
    assert register(f"{agent}, 203.0.113.10") == 200
    assert [register(), register(""), register(f"{agent},")] == [200, 200, 429]


# What there is


@pytest.mark.parametrize("dialect", BOTH, ids=str)
def test_a_list_of_models_has_those_that_its_dialect_serves(gateway, dialect):
    customer = gateway.customer("5.00")
    headers = dialect.headers | dialect.auth(customer.key)
    listed = [row["id"] for row in call("GET", f"{gateway.url}/v1/models", headers).expect(200).json()["data"]]
    assert len(listed) >= 3 and len(set(listed)) == len(listed)
    for model in listed:
        request = dialect.request(customer) | {"json": dialect.body(model=model)}
        call(**request).expect(200)
        call("GET", f"{gateway.url}/v1/models/{model}", headers).expect(200)
    other = next(other for other in BOTH if other is not dialect)
    request = dialect.request(customer) | {"json": dialect.body(model=other.model)}
    assert dialect.error(call(**request).expect(404).body)["code"] == "model_not_found"
    call("GET", f"{gateway.url}/v1/models/{other.model}", headers).expect(404)


@pytest.mark.parametrize("dialect", BOTH, ids=str)
@pytest.mark.parametrize("prefix", ["", "/proxy/{key}", "/proxy/{key}/v1"])
def test_a_slash_at_the_end_of_a_path_changes_no_shape(gateway, dialect, prefix):
    customer = gateway.customer("5.00")
    request = dialect.request(customer)
    path = f"{prefix}{dialect.path.removeprefix('/v1') if prefix else dialect.path}/"
    call(**request | {"url": gateway.url + path.format(key=customer.key)}).expect(200)
    wrong = request | {"url": gateway.url + path.format(key="fbx-nobody"), "headers": dialect.auth("nobody")}
    assert dialect.error(call(**wrong).expect(401).body)["code"] == "invalid_credential"


def test_the_description_for_agents_is_kept_only_where_its_urls_are_the_operators(world, gateway):
    def described(gateway, **headers):
        answer = call("GET", f"{gateway.url}/.well-known/agent-service.json", headers).expect(200)
        return answer.json(), answer.headers["cache-control"]

    told, caching = described(gateway, host="elsewhere.example")
    assert told["url"] == "http://elsewhere.example" and caching == "no-store"
    register = told["onboarding"]["register"]
    assert register == {"method": "POST", "url": "http://elsewhere.example/v1/register", "auth_required": False}
    gateway.stop()
    public = world.start(name="public", FAREBOX_PUBLIC_URL="https://pay.example.com")
    told, caching = described(public, host="elsewhere.example")
    assert told["url"] == "https://pay.example.com" and caching == "public, max-age=3600"


# Grants


def test_a_grant_over_http_credits_once_and_conflicts_with_other_content(gateway):
    customer = gateway.customer()
    grant = {"amount": "5.00", "asset": "usd", "reason": "hello", "id": "g1"}
    for owner in ({"customer": customer.id}, {"api_token": customer.key}):
        answer = gateway.admin("POST", "/v1/admin/grants", **grant, **owner).expect(200).json()
        assert answer["customer"] == customer.id
        assert answer["transfer"]
    assert customer.balance() == 5_000_000
    for change in ({"amount": "6.00"}, {"asset": "usdc"}):
        answer = gateway.admin("POST", "/v1/admin/grants", **(grant | change), customer=customer.id)
        assert answer.status == 409, change
        assert answer.json()["code"] == "transfer_exists_with_different_content"
    other = gateway.customer()
    assert gateway.admin("POST", "/v1/admin/grants", **grant, customer=other.id).status == 409
    assert (customer.balance(), other.balance()) == (5_000_000, 0)


@pytest.mark.parametrize("misspelt", ["dryrun", "dryRun", "dry__run"])
def test_an_order_with_a_member_that_is_misspelt_is_refused(gateway, misspelt):
    """Passed over, it would have the grant made that was only to be tried."""
    customer = gateway.customer()
    grant = {"id": "g1", "customer": customer.id, "amount": "5.00", misspelt: True}
    assert gateway.admin("POST", "/v1/admin/grants", **grant).status == 400
    assert customer.balance() == 0


# Connections


@both
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_one_connection_serves_many_requests(gateway, dialect, stream):
    """As every SDK's does; refusals in between change nothing."""
    customer = gateway.customer("5.00")
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    for directives in ["", "", "status=429", "", "status=500", ""]:
        request = dialect.request(customer, directives, stream)
        connection.request("POST", dialect.path, json.dumps(request["json"]), request["headers"])
        answer = connection.getresponse()
        body = answer.read()
        assert str(answer.status) in (directives or "200"), body
        assert body
    connection.close()
    assert len(customer.charges()) == 4


# What customers see


def test_nobody_sees_anothers_receipt(gateway):
    mine, theirs = gateway.customer("1.00"), gateway.customer("1.00")
    id = call(**OPENAI.request(mine)).expect(200).headers["x-farebox-receipt"]
    assert mine.receipt(id).status == 200
    refused = theirs.receipt(id)
    assert refused.status == 404
    assert refused.body == theirs.receipt("nothing-of-the-kind").body
    assert call("GET", f"{gateway.url}/v1/receipts/{id}").status == 401
    assert "cost" not in mine.receipt(id).json()


def test_the_transactions_are_paged_and_name_the_model(gateway):
    """L5-20, and L5-25's rows, with the model."""
    customer = gateway.customer("1.00")
    directives = "input_tokens=100; output_tokens=10; cache_read_tokens=7; cache_write_5m_tokens=5"
    for _ in range(5):
        call(**ANTHROPIC.request(customer, directives)).expect(200)
    url = f"{customer.proxy}/transactions"
    pages = [call("GET", f"{url}?page={page}&limit=2").expect(200).json() for page in (1, 2, 3, 4)]
    assert [page["total"] for page in pages] == [6] * 4
    assert [len(page["transactions"]) for page in pages] == [2, 2, 2, 0]
    rows = [row for page in pages for row in page["transactions"]]
    assert len({row["id"] for row in rows}) == 6
    row = rows[0]
    assert row["type"] == "DEBIT"
    assert (row["input_tokens"], row["output_tokens"]) == (100, 10)
    assert (row["cache_read_tokens"], row["cache_write_tokens"]) == (7, 5)
    assert row["provider"] == "anthropic"
    assert row["model"].endswith("claude-sonnet-4-6")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", row["created_at"])
    assert rows[-1]["type"] in ("GRANT", "DEPOSIT")


def test_the_operators_totals_add_up(gateway):
    """L5-9, for each asset by itself."""
    customer = gateway.customer("5.00")
    charges = []
    for dialect in BOTH:
        answer = call(**dialect.request(customer, "input_tokens=20; output_tokens=50")).expect(200)
        receipt = answer.headers["x-farebox-receipt"]
        charges.append(customer.settled(receipt)["charge"])
    told = gateway.admin("GET", "/v1/admin/stats").expect(200).json()
    usd = find(told, "usd")
    assert usd["grants"] == 5_000_000
    assert usd["charges"] == sum(charges)
    assert usd["provider_cost"] + usd["margin"] == sum(charges)
    assert 0 < usd["provider_cost"] < sum(charges)
    assert usd["liabilities"] == 5_000_000 - sum(charges)
    assert (usd["refunds"], usd["deposits"], usd["suspense"], usd["overrun"]) == (0, 0, 0, 0)
    gateway.admin("POST", "/v1/admin/refunds", inference=receipt, amount="0.000003", reason="a journey").expect(200)
    after = gateway.admin("GET", "/v1/admin/stats").expect(200).json()["assets"]["usd"]
    changes = {"refunds": 3, "margin": usd["margin"] - 3, "liabilities": usd["liabilities"] + 3}
    assert after == usd | changes
    assert after["liabilities"] == customer.balance()


def find(tree, name):
    """The first value of that name, wherever it is."""
    if isinstance(tree, dict):
        if name in tree:
            return tree[name]
        for value in tree.values():
            found = find(value, name)
            if found is not None:
                return found
    return None


# Health


def test_a_healthy_gateway_says_so_in_every_way(gateway):
    """L5-1, in Level5 1.6's words: `ok`, and of what it is made."""
    health = call("GET", f"{gateway.url}/health").expect(200).json()
    assert health["status"] == "ok"
    assert health["components"]
    assert call("GET", f"{gateway.url}/livez").status == 200
    assert call("GET", f"{gateway.url}/readyz").status == 200


SAMPLE = re.compile(
    r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)*\})? '
    r"([0-9.eE+-]+|NaN|[+-]Inf)( \d+)?$"
)


def test_the_metrics_are_prometheus_text_without_secrets(gateway):
    customer = gateway.customer("1.00")
    call(**OPENAI.request(customer)).expect(200)
    call("GET", f"{gateway.url}/v1/nothing-{customer.key}")
    call(**OPENAI.request(customer, model="agents-own-invention"))
    answer = call("GET", f"{gateway.url}/metrics").expect(200)
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.body.decode()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert SAMPLE.match(line), line
    assert any(line.startswith("farebox_") for line in lines)
    assert customer.key.rsplit("-", 1)[1] not in text
    assert "invention" not in text
    assert customer.id not in text


# Starting


BASE = {
    "FAREBOX_LISTEN": "127.0.0.1:0",
    "FAREBOX_ADMIN_KEY": "0123456789abcdef-journey",
    "OPENAI_API_KEY": "sk-journey-0123456789",
}
NOBODY = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"
SEPOLIA = {
    "FAREBOX_CHAINS": "base-sepolia", "BASE_SEPOLIA_TREASURY": "0x" + "11" * 20, "BASE_SEPOLIA_RPC_URL": "http://127.0.0.1:9",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"FAREBOX_ADMIN_KEY": None},
        {"FAREBOX_ADMIN_KEY": ""},
        {"FAREBOX_ADMIN_KEY": "short"},
        {"FAREBOX_ADMIN_KEY": "changeme-changeme"},
        {"OPENAI_API_KEY": "changeme"},
        {"FAREBOX_UNHEARD_OF": "1"},
        {"FAREBOX_LISTEN": "nowhere"},
        {"FAREBOX_LISTEN": "127.0.0.1:99999"},
        {"FAREBOX_DATABASE": "postgres://elsewhere"},
        {"FAREBOX_DATABASE": "sqlite:/dev/null/farebox.db"},
        {"FAREBOX_HOLDS_MODE": "generous"},
        {"FAREBOX_DRAIN_SECONDS": "soon"},
        {"FAREBOX_DRAIN_SECONDS": "-1"},
        {"FAREBOX_BODY_LIMIT": "0"},
        {"FAREBOX_REGISTER_LIMIT": "many"},
        {"FAREBOX_LOG_LEVEL": "loud"},
        {"FAREBOX_PUBLIC_URL": "not a url"},
        {"OPENAI_BASE_URL": "ftp://example.com"},
        {"FAREBOX_RATES": "/no/such/card.yaml"},
        {"BASE_SEPOLIA_FINALTY": "5"} | SEPOLIA,
        {"BASE_SEPOLIA_RPC_QOURUM": "2"} | SEPOLIA,
        {"BASE_SEPOLIA_RPC_QUORUM": "2"} | SEPOLIA,
        {"SOLANA_TREASURY": NOBODY} | SEPOLIA,
        {"BASE_SEPOLIA_TREASURY": "0x" + "11" * 20},
        {"NOCHAIN_TREASURY": None, "FAREBOX_CHAINS": "nochain"},
    ],
    ids=lambda change: " ".join(f"{name}={value}" for name, value in change.items()),
)
def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path, change):
    settings = BASE | {"FAREBOX_DATABASE": f"sqlite:{tmp_path / 'farebox.db'}"} | change
    done = run("serve", directory=tmp_path, **{name: value for name, value in settings.items() if value is not None})
    assert 64 <= done.returncode <= 78, (done.returncode, done.stdout, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    name, value = next(iter(change.items()))
    assert name in lines[0] or (value and value.removeprefix("sqlite:") in lines[0]), lines[0]
    if name.endswith("KEY") and value:
        assert value not in done.stderr
    assert "listening" not in done.stdout


@pytest.mark.parametrize(
    "key, why",
    [
        ("short", "at least 16 characters"), ("k7Qx2m", "at least 16 characters"), ("1234567890123456", "easy to guess"),
        ("98765432109876543210", "easy to guess"), ("your-admin-key-here", "easy to guess"), ("changeme-changeme", "easy to guess"),
        ("abcdefghijklmnopqrstuvwxyz", "easy to guess"), ("qwertyuiopasdfgh", "easy to guess"), ("a" * 40, "easy to guess"),
        ("k7Qx2k7Qx2k7Qx2k7Qx2", "easy to guess"), ("replace-this-secret-please", "easy to guess"),
    ],
)
def test_a_weak_secret_is_told_why(tmp_path, key, why):
    done = run("serve", directory=tmp_path, **BASE | {"FAREBOX_ADMIN_KEY": key})
    assert done.returncode == 65 and f"FAREBOX_ADMIN_KEY {'must have' if 'least' in why else 'is'} {why}" in done.stderr, done.stderr
    assert key not in done.stderr


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "TOGETHER_API_KEY"])
@pytest.mark.parametrize("key", ["changeme", "CHANGE-ME", "your-api-key-here", "sk-your-key-here", "<your OpenAI key>", "xxxxxxxx"])
def test_a_placeholder_is_no_credential(tmp_path, name, key):
    settings = BASE | {"FAREBOX_UPSTREAMS": "together", "TOGETHER_BASE_URL": "http://x", "TOGETHER_API_KEY": "EMPTY"} | {name: key}
    done = run("serve", directory=tmp_path, **settings)
    assert done.returncode == 65 and f"{name} still says what stands in an example" in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELIUS_API_KEY", "your-api-key-here"), ("HELIUS_API_KEY", "changeme"),
        ("SOLANA_RPC_URL", "https://mainnet.helius-rpc.com/?api-key=YOUR_API_KEY"),
        ("SOLANA_RPC_URL", "https://one.example/,https://two.example/v2/%3Cyour-api-key%3E"),
        ("SOLANA_WS_URL", "wss://mainnet.helius-rpc.com/?x=1&api-key=xxxxxxxx"),
        ("BASE_RPC_URL", "https://base-mainnet.g.alchemy.com/v2/YOUR_API_KEY"),
        ("SOL_RATE_URL", "https://prices.example/sol?token=changeme"),
    ],
)  # fmt: skip
def test_a_placeholder_is_no_key_of_a_node(tmp_path, name, value):
    settings = {"SOLANA_TREASURY": NOBODY, "BASE_TREASURY": "0x" + "11" * 20} | NODES | {name: value}
    if name == "HELIUS_API_KEY":
        del settings["SOLANA_RPC_URL"]
    done = run("serve", directory=tmp_path, **BASE | settings)
    assert done.returncode == 65 and f"{name} still says what stands in an example" in done.stderr, done.stderr
    assert value not in done.stderr


NODES = {
    "FAREBOX_CHAINS": "solana,base", "SOLANA_RPC_URL": "http://127.0.0.1:9/api/v1", "SOLANA_WS_URL": "none",
    "BASE_RPC_URL": "http://127.0.0.1:9/v2/k7Qx2mP0z?network=base&key=0f3e",
}  # fmt: skip


def test_a_key_of_a_node_may_be_any_other(world):
    settings = {"SOLANA_TREASURY": NOBODY, "BASE_TREASURY": "0x" + "11" * 20}
    assert world.start(**settings | NODES, SOL_RATE_URL="http://127.0.0.1:9/v2/prices/SOL-USD/spot").is_healthy()


@pytest.mark.parametrize("key", ["EMPTY", "none", "dummy", "sk-test", "x", "local"])
def test_an_upstream_without_keys_may_be_given_any(world, key):
    gateway = world.start(FAREBOX_UPSTREAMS="local", LOCAL_BASE_URL=f"{world.upstream}/v1", LOCAL_API_KEY=key)
    assert gateway.is_healthy()


def test_a_name_that_others_read_too_only_warns(world):
    gateway = world.start(OPENAI_BSE_URL="http://nowhere", OPENAI_ORG_ID="org-1", BASE_URL="/", BASE_SEPOLIA_FINALTY="5")
    assert "variables=OPENAI_BSE_URL, OPENAI_ORG_ID\n" in gateway.errors.read_text()


def test_a_file_with_settings_of_a_chain_that_is_not_named_stops_the_start(tmp_path):
    file = tmp_path / "farebox.yaml"
    file.write_text("baseSepolia:\n  finality: 5\n")
    done = run("serve", directory=tmp_path, **BASE | {"FAREBOX_CONFIG": file})
    assert done.returncode == 65 and "baseSepolia.finality" in done.stderr and "FAREBOX_CHAINS" in done.stderr, done.stderr


def test_a_start_without_upstreams_says_which_credentials_would_do(tmp_path):
    done = run("serve", directory=tmp_path, **{name: value for name, value in BASE.items() if name != "OPENAI_API_KEY"})
    assert done.returncode == 65
    assert done.stderr.strip().endswith(
        "No upstream has a credential: set at least one of OPENAI_API_KEY, ANTHROPIC_API_KEY, OPENROUTER_API_KEY, TOGETHER_API_KEY."
    ), done.stderr


@pytest.mark.parametrize("headers", [{}, {"x-admin-key": "wrong"}, {"authorization": "Bearer x"}], ids=str)
def test_an_operator_who_is_not_recognised_is_told_of_the_operators_header(shared, headers):
    """L5-9, otherwise: what an operator sees, nobody else does."""
    error = call("GET", f"{shared.url}/v1/admin/stats", headers=headers).expect(401).json()
    assert "X-Admin-Key" in error["error"] and "api" not in error["error"].lower(), error
    assert error["code"] == ("invalid_credential" if "x-admin-key" in headers else "missing_credential")


def test_a_second_gateway_on_the_same_database_is_refused(world, gateway):
    settings = gateway.settings
    done = run("serve", directory=world.directory, **settings)
    assert 64 <= done.returncode <= 78
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Another process" in done.stderr
    assert gateway.is_healthy()


def test_a_port_that_is_taken_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = BASE | {"FAREBOX_LISTEN": address, "FAREBOX_DATABASE": f"sqlite:{tmp_path / 'farebox.db'}"}
        done = run("serve", directory=tmp_path, **settings)
    assert 64 <= done.returncode <= 78, (done.returncode, done.stderr)
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_model_whose_upstream_has_no_key_is_unavailable(world):
    gateway = world.start(ANTHROPIC_API_KEY=None)
    customer = gateway.customer("1.00")
    answer = call(**ANTHROPIC.request(customer))
    assert answer.status == 503
    ANTHROPIC.error(answer.body)
    assert call(**OPENAI.request(customer)).status == 200
    assert prices(gateway, "claude-sonnet-4-6")


# Stopping


def read_slowly(customer, dialect, tokens, delay):
    """A stream that has begun."""
    request = dialect.request(customer, f"output_tokens={tokens}; delay_chunk_ms={delay}", stream=True)
    stream = Stream(**request)
    stream.__enter__()
    assert stream.status == 200
    stream.events(3)
    return stream


@both
def test_a_stop_finishes_the_streams_first(world, dialect):
    gateway = world.start(FAREBOX_SHUTDOWN_SECONDS=120)
    customer = gateway.customer("1.00")
    stream = read_slowly(customer, dialect, tokens=20, delay=50)
    gateway.send(signal.SIGTERM)
    until(lambda: refuses_connections(gateway.port), "the gateway to stop accepting")
    events = stream.events()
    assert dialect.end in events[-1]
    assert any(event.startswith(b": farebox charge=") for event in events)
    stream.leave()
    assert gateway.wait() == 0
    assert "audit clean" in gateway.text()
    assert "(0 open)" in gateway.text()
    world.audit()


def refuses_connections(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


@both
def test_a_stop_has_an_end_even_if_a_stream_has_none(world, dialect):
    gateway = world.start(FAREBOX_SHUTDOWN_SECONDS=2, FAREBOX_DRAIN_SECONDS=1)
    customer = gateway.customer("1.00")
    # It would go on for two minutes.
    stream = read_slowly(customer, dialect, tokens=60, delay=2000)
    id = stream.headers["x-farebox-receipt"]
    gateway.send(signal.SIGTERM)
    rest = []
    reader = threading.Thread(target=lambda: rest.extend(stream.events()))
    reader.start()
    assert gateway.wait() == 0
    reader.join(PATIENCE)
    assert any(dialect.is_error_event(event) for event in rest), rest
    assert "(0 open)" in gateway.text()
    world.audit()
    customer.gateway = world.start(name="again")
    receipt = customer.settled(id)
    assert receipt["usage_source"] == "estimated"
    assert customer.balance() == 1_000_000 - receipt["charge"]


def test_a_stop_does_not_wait_for_idle_connections(world):
    gateway = world.start(FAREBOX_SHUTDOWN_SECONDS=120)
    idle = [socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE) for _ in range(5)]
    idle[0].sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    idle[0].recv(100)
    idle[1].sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n")
    assert gateway.stop() == 0
    for connection in idle:
        connection.close()


def test_ctrl_c_stops_like_sigterm(world, gateway):
    gateway.send(signal.SIGINT)
    assert gateway.wait() == 0
    assert "audit clean" in gateway.text()


def test_a_database_survives_a_restart(world):
    customer = world.start().customer("1.00")
    call(**OPENAI.request(customer)).expect(200)
    balance = customer.balance()
    for number in range(3):
        assert customer.gateway.stop() == 0
        customer.gateway = world.start(name=f"again-{number}")
        assert customer.balance() == balance


def test_the_database_is_readable_by_its_owner_only(gateway):
    path = gateway.database.removeprefix("sqlite:")
    assert os.stat(path).st_mode & 0o077 == 0


def test_a_query_may_hold_what_a_path_may_not(gateway):
    customer = gateway.customer("1.00")
    for query in ["x=http://y//z", "x=%2f..%00", "x=/../"]:
        call("GET", f"{gateway.url}/v1/models?{query}", customer.bearer).expect(200)
