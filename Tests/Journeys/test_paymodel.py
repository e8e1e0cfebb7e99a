"""Paymodel's surface, by the official SDK with `default_headers`, and what X-Payer opens: nothing.

Tests name the rows of paymodel that they show (PM-1 to PM-37); docs/compatibility.md tells where we answer otherwise.
"""

import json
import secrets
from datetime import UTC, datetime, timedelta

import openai
import pytest
from eth_account import Account
from solders.keypair import Keypair

from chains import PATH_USD, EVMNode, evm_account, until_looked
from programs import ROOT, Customer, run, until, within_one_day
from scripted import ScriptedUpstream
from wallets import Signer, signed
from wire import call

TEMPO = 42431
TREASURY = evm_account(9).address
LLAMA = "llama-3.3-70b"
# PM-12, PM-13 and PM-14: what each is at Together AI, what it is for, prices in and out, output at most, context.
SOLD = {
    LLAMA: ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "general", "1.0560", "1.0560", 4_096, 131_072),
    "deepseek-r1": ("deepseek-ai/DeepSeek-R1", "reasoning", "3.6000", "8.4000", 4_096, 131_072),
    "mixtral-8x7b": ("mistralai/Mixtral-8x7B-Instruct-v0.1", "moe", "0.7200", "0.2160", 4_096, 32_768),
}
MESSAGES = [{"role": "user", "content": "Hello"}]
ASK = {"model": LLAMA, "max_tokens": 100, "messages": MESSAGES}


@pytest.fixture(scope="module")
def tempo(tmp_path_factory):
    node = EVMNode(tmp_path_factory.mktemp("tempo"), TEMPO, [PATH_USD])
    yield node
    node.kill()


def paymodel(world, tempo, **more):
    return {
        "FAREBOX_RATES": ROOT / "Sources/CLI/Resources/paymodel.yaml",
        "TOGETHER_API_KEY": world.secret("together", "tog-" + secrets.token_hex(16)),
        "TOGETHER_BASE_URL": f"{world.upstream}/v1",
        "FAREBOX_CHAINS": "tempo-testnet", "TEMPO_TESTNET_TREASURY": TREASURY, "TEMPO_TESTNET_RPC_URL": tempo.url,
        "FAREBOX_DEPOSIT_SECONDS": "0.05",
    } | more  # fmt: skip


@pytest.fixture
def gateway(world, tempo):
    return world.start(**paymodel(world, tempo, FAREBOX_CORS_ORIGINS="https://app.example, http://localhost:3000"))


def payer(gateway, dollars=None, wallet=None):
    """A customer that has proven a wallet, and the wallet."""
    wallet = wallet or Account.create()
    message = call("POST", f"{gateway.url}/v1/challenge", json={"address": wallet.address}).expect(200).json()["message"]
    body = {"message": message, "signature": signed(wallet, message)}
    opened = call("POST", f"{gateway.url}/v1/session", json=body).expect(200).json()
    gateway.world.secret("key", opened["api_key"])
    customer = Customer(gateway, opened["customer"], opened["api_key"])
    if dollars:
        customer.grant(dollars)
    return customer, wallet


def sdk(gateway, key, address):
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, default_headers={"X-Payer": address}, max_retries=0)


def test_the_sdk_pays_by_its_session_and_is_told_the_cost(gateway):
    """PM-11, PM-16, PM-32 and PM-33: the official SDK, with nothing but a base URL, a key and a header."""
    customer, wallet = payer(gateway, "1.00")
    client = sdk(gateway, customer.key, wallet.address)
    raw = client.chat.completions.with_raw_response.create(**ASK)
    answer = raw.parse()
    usage = answer.usage
    # PM-12: 1.056 dollars a million both ways, rounded up once (PM-W10).
    units = -(-(usage.prompt_tokens + usage.completion_tokens) * 1_056_000 // 10**6)
    assert raw.headers["x-cost-pathusd"] == str(units)
    assert raw.headers["x-cost"] == f"{units / 10**6:.6f}00"
    assert raw.headers["x-balance"] == f"{(10**6 - units) / 10**6:.6f}"
    assert raw.headers["x-model"] == "together/llama-3.3-70b"
    assert customer.charges() == [units]
    # The upstream's own name is one, too (PM-15), and a stream has its model's and its payer's name.
    with client.chat.completions.with_streaming_response.create(
        model="meta-llama/Llama-3.3-70B-Instruct-Turbo", max_tokens=10, messages=MESSAGES, stream=True
    ) as stream:
        assert stream.headers["x-model"] == "together/llama-3.3-70b"
        assert stream.headers["x-payer"] == wallet.address
        assert not {"x-cost", "x-cost-pathusd", "x-balance"} & set(stream.headers)
        assert "data: [DONE]" in list(stream.iter_lines())


def test_a_name_opens_nothing_and_tells_nothing(gateway):
    """PM-10: whoever proves the name may write it in any case."""
    victim, wallet = payer(gateway, "1.00")
    thief = gateway.customer("1.00")
    told = set()
    for address in (wallet.address, wallet.address.lower(), Account.create().address):
        for key in (thief.key, "unused", "fbx-000000000000-" + "0" * 64):
            with pytest.raises(openai.AuthenticationError) as refused:
                sdk(gateway, key, address).chat.completions.create(**ASK)
            told.add((str(refused.value.body), refused.value.response.headers.get("x-balance-remaining")))
            for path in ("/v1/balance", "/v1/usage", "/v1/deposit", "/v1/models", f"/proxy/{key}/balance"):
                answer = call("GET", f"{gateway.url}{path}", headers={"x-payer": address, "authorization": f"Bearer {key}"})
                assert answer.status == 401, (path, answer.body)
                assert victim.id.encode() not in answer.body
    assert len(told) == 1, told
    for headers in ({"x-payer": wallet.address}, {}):
        call("GET", f"{gateway.url}/v1/balance", headers=headers).expect(401)
        call("POST", f"{gateway.url}/v1/chat/completions", headers=headers, json=ASK).expect(401)
    for wrong in ("", "0x12", "hello", "0x" + "zz" * 20):
        call("GET", f"{gateway.url}/v1/balance", headers=victim.bearer | {"x-payer": wrong}).expect(400)
    for right in (wallet.address, wallet.address.lower(), "0x" + wallet.address[2:].upper()):
        call("GET", f"{gateway.url}/v1/balance", headers=victim.bearer | {"x-payer": right}).expect(200)
    assert victim.balance() == thief.balance() == 10**6


def test_errors_have_paymodels_codes_beside_the_sdks(gateway, tempo):
    """PM-20, PM-21, PM-23 and PM-28; a 402 teaches (PM-37)."""
    customer, wallet = payer(gateway)
    client = sdk(gateway, customer.key, wallet.address)
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(**ASK)
    assert refused.value.status_code == 402 and refused.value.code == "insufficient_funds"
    body = refused.value.response.json()
    assert body["code"] == "PAYMENT_REQUIRED" and body["balance"] == "0.000000"
    deposit = body["deposit"]
    assert (deposit["treasury"], deposit["chainId"], deposit["decimals"]) == (TREASURY, TEMPO, 6)
    assert deposit["token"].lower() == PATH_USD and deposit["tokenName"] == "pathusd" and len(body["howTo"]) == 3
    customer.grant("1.00")
    # The operator's own node may hold a key in its URL.
    assert "rpc" not in deposit and tempo.url not in refused.value.response.text
    with pytest.raises(openai.BadRequestError) as unknown:
        client.chat.completions.create(**ASK | {"model": "gpt-99"})
    told = unknown.value.response.json()
    assert told["code"] == "INVALID_MODEL" and len(told["available"]) == 3
    llama = {"id": f"together/{LLAMA}", "name": LLAMA, "togetherId": "meta-llama/Llama-3.3-70B-Instruct-Turbo"}
    assert llama in told["available"]
    with pytest.raises(openai.BadRequestError) as wrong:
        client.chat.completions.create(**ASK | {"messages": "hello"})
    told = wrong.value.response.json()
    assert told["code"] == "INVALID_REQUEST" and set(told["expected"]) == {"model", "messages"}
    gateway.world.simulator.answer("fault=not_json")
    with pytest.raises(openai.APIStatusError) as broken:
        client.chat.completions.create(**ASK)
    assert broken.value.status_code == 502 and broken.value.response.json()["code"] == "UPSTREAM_ERROR"
    assert customer.balance() == 10**6


@pytest.fixture
def refusing(world, tempo):
    """A gateway whose upstream says what it is told to."""
    upstream = ScriptedUpstream()
    world.programs.callback(upstream.close)
    return upstream, world.start(**paymodel(world, tempo, TOGETHER_BASE_URL=f"{upstream.url}/v1"))


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        ("429 Too Many Requests", [("retry-after", "17")], {"code": "UPSTREAM_RATE_LIMITED", "retryAfter": "17"}),
        ("429 Too Many Requests", [], {"code": "UPSTREAM_RATE_LIMITED", "retryAfter": "5"}),
        ("500 Internal Server Error", [], {"code": "UPSTREAM_ERROR", "upstreamStatus": 500}),
        ("422 Unprocessable Content", [], {"code": "UPSTREAM_ERROR", "upstreamStatus": 422}),
    ],
)
def test_an_upstreams_refusal_is_told_in_both_manners_and_costs_nothing(refusing, status, headers, told):
    """PM-26 and PM-28, with the status that it came with."""
    upstream, gateway = refusing
    customer, wallet = payer(gateway, "1.00")
    word = b'{"id":"r","error":{"message":"not \\"now\\"","type":"t","param":null,"code":"c"},"code":"THEIRS"}'
    upstream.answer(word, content_type="application/json", status=status, headers=headers)
    with pytest.raises(openai.APIStatusError) as refused:
        sdk(gateway, customer.key, wallet.address).chat.completions.create(**ASK)
    assert refused.value.status_code == int(status[:3])
    error = {"message": 'not "now"', "type": "t", "param": None, "code": "c"}
    assert refused.value.response.json() == told | {"error": error}
    # Others are told what the upstream said, as it said it.
    answer = call("POST", f"{gateway.url}/v1/chat/completions", headers=customer.bearer, json=ASK)
    assert (answer.status, answer.body) == (int(status[:3]), word)
    assert customer.balance() == 10**6


def test_what_a_payer_sends_arrives_under_the_upstreams_name_of_the_model(refusing):
    """PM-5, PM-15 and PM-18: beside the name, nothing is changed but what makes the provider report its usage."""
    upstream, gateway = refusing
    customer, wallet = payer(gateway, "1.00")
    usage = b'"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}'
    whole = b'{"choices":[{"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],%s}' % usage
    events = [b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n', b'data: {"choices":[],%s}\n\n' % usage, b"data: [DONE]\n\n"]

    def arrived(body):
        headers = customer.bearer | {"x-payer": wallet.address}
        call("POST", f"{gateway.url}/v1/chat/completions", headers=headers, json=body).expect(200)
        return json.loads(upstream.last[1])

    for alias, (name, *_) in SOLD.items():
        for model in (alias, f"together/{alias}", name):
            ask = ASK | {"model": model, "top_k": 7, "repetition_penalty": 1.1, "unheard_of": {"a": [1]}}
            upstream.answer(whole, content_type="application/json")
            assert arrived(ask) == ask | {"model": name}
        upstream.answer(*events)
        options = {"stream": True, "stream_options": {"include_usage": False}}
        assert arrived(ask | options) == ask | options | {"model": name, "stream_options": {"include_usage": True}}
    # Each was charged by the report, streamed or not.
    assert len(customer.charges()) == 12 and 0 < min(customer.charges()) <= max(customer.charges()) < 100


def test_paymodels_own_errors_say_what_would_have_been_right(gateway, tempo):
    """PM-9, PM-19, PM-21, PM-22, PM-24 and PM-25."""
    customer, wallet = payer(gateway)
    headers = customer.bearer | {"x-payer": wallet.address}
    # PM-19, but 401: a name is no proof.
    missing = call("GET", f"{gateway.url}/v1/balance").expect(401).json()
    assert missing["code"] == "MISSING_PAYER" and missing["message"] and missing["example"].startswith("X-Payer: 0x")
    wrong = call("GET", f"{gateway.url}/v1/balance", headers=headers | {"x-payer": "0x12"}).expect(400).json()
    assert wrong["code"] == "INVALID_REQUEST" and set(wrong["expected"]) == {"X-Payer"}
    # PM-9 and PM-25; other clients read an error object alone.
    lost = call("GET", f"{gateway.url}/v1/nowhere", headers=headers).expect(404).json()
    assert lost["code"] == "NOT_FOUND" and len(lost["endpoints"]) == 7 and lost["error"]["code"] == "route_not_found"
    for line in lost["endpoints"]:
        method, path = line.split()
        assert call(method, f"{gateway.url}{path}", json={} if method == "POST" else None).status not in (404, 405), line
    other = call("GET", f"{gateway.url}/v1/nowhere", headers=customer.bearer).expect(404).json()
    assert set(other) == {"error"}

    def claimed(hash, status):
        return call("POST", f"{gateway.url}/v1/deposit", headers=headers, json={"txHash": hash}).expect(status).json()

    unknown = "0x" + "ab" * 32
    assert claimed(unknown, 404) == claimed(unknown, 404) | {"code": "TX_NOT_FOUND", "txHash": unknown}
    elsewhere = tempo.pay(1, evm_account(5).address)
    tempo.finalise()
    told = claimed(elsewhere, 400)
    assert (told["code"], told["txHash"]) == ("VERIFICATION_FAILED", elsewhere)
    told = claimed("hello", 400)
    assert told["code"] == "INVALID_REQUEST" and set(told["expected"]) == {"txHash"}


def test_anybody_may_read_what_is_served_and_at_what_price(gateway):
    """PM-2, and of each model PM-12 to PM-15; the time of making is fixed, the owner is who serves it."""
    answer = call("GET", f"{gateway.url}/v1/models").expect(200).json()
    listed = answer["data"]
    assert answer["object"] == "list"
    for row, (alias, sold) in zip(listed, SOLD.items(), strict=True):
        assert (row["id"], row["object"], row["created"], row["owned_by"]) == (f"together/{alias}", "model", 0, "together")
        assert (row["permission"], row["parent"]) == ([], None)
        pricing = row["pricing"]
        told = row["root"], row["category"], pricing["input_per_million"], pricing["output_per_million"]
        assert (*told, row["max_tokens"], row["context_window"]) == sold
        assert (pricing["currency"], pricing["markup"]) == ("USD", "20%")
        for name in (alias, sold[0]):
            assert call("GET", f"{gateway.url}/v1/models/{name}").expect(200).json() == row
    llama = listed[0]
    assert llama["pricing"]["input_per_1m"] == 1_056_000
    # A key's list is its own, and a wrong one opens nothing.
    customer, _ = payer(gateway)
    made = call("POST", f"{gateway.url}/v1/keys", headers=customer.bearer, json={"name": "x", "models": [f"together/{LLAMA}"]})
    key = made.expect(201).json()["key"]
    gateway.world.secret("key", key)
    own = call("GET", f"{gateway.url}/v1/models", headers={"authorization": f"Bearer {key}"}).expect(200).json()["data"]
    assert own == [llama] and len(listed) == 3
    for wrong in ({"authorization": "Bearer unused"}, {"x-api-key": ""}, {"x-payer": Account.create().address}):
        call("GET", f"{gateway.url}/v1/models", headers=wrong).expect(401)


def test_the_routes_tell_balance_usage_and_figures(gateway, tempo):
    """PM-1, PM-4, PM-6, PM-7 and PM-31: amounts are whole numbers, or decimals of six places made of them."""
    customer, wallet = payer(gateway, wallet=evm_account(2))
    transaction = tempo.pay(2_000_000, TREASURY, sender=wallet)
    tempo.finalise()
    headers = customer.bearer | {"x-payer": wallet.address}

    def credited():
        answer = call("POST", f"{gateway.url}/v1/deposit", headers=headers, json={"txHash": transaction})
        return answer.status == 200 and answer.json()

    told = until(credited, "the deposit to be credited")
    assert told["balance"] == "2.000000" and told["balanceRaw"] == "2000000" and told["txHash"] == transaction
    balance = call("GET", f"{gateway.url}/v1/balance", headers=headers).expect(200).json()
    assert balance == {"address": wallet.address, "balance": "2.000000", "balanceRaw": "2000000", "currency": "USD"}
    client = sdk(gateway, customer.key, wallet.address)
    within_one_day()
    sums = [client.chat.completions.create(**ASK).usage for _ in range(3)]
    day = {
        "date": datetime.now(UTC).date().isoformat(), "requests": 3, "models": {"together/llama-3.3-70b": 3},
        "inputTokens": sum(one.prompt_tokens for one in sums), "outputTokens": sum(one.completion_tokens for one in sums),
        "cost": f"{sum(customer.charges()) / 10**6:.6f}",
    }  # fmt: skip
    told = call("GET", f"{gateway.url}/v1/usage", headers=headers).expect(200).json()
    assert told == {"address": wallet.address, "usage": [day]}
    figures = gateway.admin("GET", "/admin/stats").expect(200).json()
    assert figures == {"totalDeposits": "2.000000", "totalRequests": 3, "totalRevenue": day["cost"]}
    for wrong in ({}, {"x-admin-key": "wrong"}, headers):
        refused = call("GET", f"{gateway.url}/admin/stats", headers=wrong).expect(401).json()
        assert isinstance(refused["error"], str) and "total" not in str(refused)
    health = call("GET", f"{gateway.url}/health").expect(200).json()
    assert (health["status"], bool(health["version"])) == ("ok", True)
    assert health["models"] == [f"together/{alias}" for alias in SOLD]
    chain = health["chain"] | {"tokenAddress": health["chain"]["tokenAddress"].lower()}
    assert chain == {"name": "tempo-testnet", "chainId": TEMPO, "token": "pathusd", "tokenAddress": PATH_USD}
    [model, *_] = client.models.list().data
    assert model.pricing["input_per_1m"] == 1_056_000 and model.created == 0


def test_a_deposit_that_is_claimed_is_told_with_its_transfer_once(world, tempo):
    """PM-3, and of PM-29 our own: credited is who sent it, not who asks (PM-C1)."""
    gateway = world.start(**paymodel(world, tempo, FAREBOX_DEPOSIT_SECONDS="3600"))
    # A wallet that no other test pays from: the chain is theirs, too.
    customer, wallet = payer(gateway, wallet=evm_account(6))
    tempo.pay(10_000_000, wallet.address)
    other, stranger = payer(gateway)
    until_looked(gateway, "tempo-testnet")
    transaction = tempo.pay(2_500_000, TREASURY, sender=wallet)
    tempo.finalise()

    def claimed(customer, wallet, status):
        headers = customer.bearer | {"x-payer": wallet.address}
        return call("POST", f"{gateway.url}/v1/deposit", headers=headers, json={"txHash": transaction}).expect(status).json()

    # Nothing looks by itself: it is the claim of somebody else that has it credited, to its sender.
    assert claimed(other, stranger, 409)["code"] == "DEPOSIT_CREDITED_TO_ANOTHER"
    assert (customer.balance(), other.balance()) == (2_500_000, 0)
    told = {"txHash": transaction, "balance": "2.500000", "balanceRaw": "2500000"}
    again = {"message": "already credited", "credited": "0.000000"}
    assert without_deposits(claimed(customer, wallet, 200)) == told | again
    transaction = tempo.pay(1_000_000, TREASURY, sender=wallet)
    tempo.finalise()
    block = tempo.web3.eth.get_transaction_receipt(transaction)["blockNumber"]
    told = {"txHash": transaction, "balance": "3.500000", "balanceRaw": "3500000"}
    first = without_deposits(claimed(customer, wallet, 200))
    transfer = first.pop("transfer")
    assert first == told | {"message": "credited", "credited": "1.000000"}
    assert transfer | {"from": transfer["from"].lower()} == {
        "from": wallet.address.lower(), "amount": "1.000000", "blockNumber": block,
    }  # fmt: skip
    assert without_deposits(claimed(customer, wallet, 200)) == told | again


def without_deposits(told):
    """What paymodel's own client knows of a claim's answer."""
    return {name: value for name, value in told.items() if name != "deposits"}


def test_a_balance_buys_what_it_covers_and_nothing_more_streamed_or_not(gateway):
    """PM-17, otherwise: no fixed sum opens a stream, and a balance above zero opens nothing that it does not cover."""
    rich, wallet = payer(gateway, "0.001")
    poor, small = payer(gateway, "0.000001")
    for stream in (False, True):
        sdk(gateway, rich.key, wallet.address).chat.completions.create(**ASK, stream=stream)
        with pytest.raises(openai.APIStatusError) as refused:
            sdk(gateway, poor.key, small.address).chat.completions.create(**ASK, stream=stream)
        assert refused.value.status_code == 402
    gateway.wait_until_no_holds()
    assert (len(rich.charges()), poor.balance()) == (2, 1)


def test_a_page_may_ask_where_the_operator_has_listed_it(gateway):
    """PM-8, otherwise: an origin is not mirrored but listed."""
    customer, _ = payer(gateway)
    url = f"{gateway.url}/v1/balance"
    asking = {"access-control-request-method": "GET", "access-control-request-headers": "x-payer"}
    allowed = call("OPTIONS", url, headers=asking | {"origin": "https://app.example"}).expect(204)
    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    assert {"Content-Type", "Authorization", "X-Payer", "Content-Digest", "X-Admin-Key"} <= set(
        allowed.headers["access-control-allow-headers"].split(", ")
    )
    assert {"GET", "POST", "OPTIONS"} <= set(allowed.headers["access-control-allow-methods"].split(", "))
    assert (allowed.headers["access-control-max-age"], allowed.headers["vary"]) == ("86400", "Origin")
    answer = call("GET", url, headers=customer.bearer | {"origin": "http://localhost:3000"}).expect(200)
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000" and answer.headers["vary"] == "Origin"
    for origin in ("https://evil.example", "null", "https://app.example.evil.example", "https://APP.example", "*"):
        refused = call("OPTIONS", url, headers=asking | {"origin": origin}).expect(405)
        assert "access-control-allow-origin" not in refused.headers
        answer = call("GET", url, headers=customer.bearer | {"origin": origin}).expect(200)
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("make", [Account.create, Keypair])
def test_a_request_that_its_wallet_has_signed_needs_no_key(gateway, make):
    """PM-37: nobody signs up. L5-49: a request's wallet and signature are headers of it, Solana's, too."""
    signer = Signer(gateway, make())
    body = json.dumps(ASK).encode()
    signer.call("POST", "/v1/chat/completions", body).expect(402)
    code = signer.call("GET", "/v1/deposit").expect(200).json()["deposit_code"]
    assert len(code) == 32
    # It is one account, which a session opens, too.
    gateway.admin("POST", "/v1/admin/grants", customer=owner(gateway, signer), amount="1.00", reason="x", id=code).expect(200)
    signer.call("POST", "/v1/chat/completions", body).expect(200)
    assert int(signer.call("GET", "/v1/balance").expect(200).json()["balanceRaw"]) < 10**6


def owner(gateway, signer):
    """The customer of a wallet, by a session."""
    message = call("POST", f"{gateway.url}/v1/challenge", json={"address": signer.address}).expect(200).json()["message"]
    wallet = signer.wallet
    signature = signed(wallet, message) if hasattr(wallet, "address") else str(wallet.sign_message(message.encode()))
    opened = call("POST", f"{gateway.url}/v1/session", json={"message": message, "signature": signature}).expect(200).json()
    gateway.world.secret("key", opened["api_key"])
    assert opened["is_new"] is False
    return opened["customer"]


def test_a_signature_is_good_for_its_request_alone(gateway):
    customer, wallet = payer(gateway, "1.00")
    signer, body = Signer(gateway, wallet), json.dumps(ASK).encode()
    target, url = "/v1/chat/completions", f"{gateway.url}/v1/chat/completions"
    right = signer.headers("POST", target, body)

    def refused(headers, body=body, url=url, method="POST"):
        call(method, url, headers=headers | {"content-type": "application/json"}, body=body).expect(401)

    refused(right, json.dumps(ASK | {"max_tokens": 101}).encode())
    refused(right, url=f"{gateway.url}/v1/messages")
    refused(right | {"x-payer": Account.create().address})
    refused(right | {"x-payer-nonce": secrets.token_hex(8)})
    refused(right | {"x-payer-time": datetime.now(UTC).isoformat()})
    for name in ("x-payer-signature", "x-payer-time", "x-payer-nonce"):
        refused({key: value for key, value in right.items() if key != name})
        refused(right | {name: "x"})
    for hours in (-1, 1):
        time = (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")
        refused(signer.headers("POST", target, body, time=time))
    # A route whose body is not covered takes none.
    refused(signer.headers("POST", "/v1/keys", b'{"name":"x"}'), b'{"name":"x"}', f"{gateway.url}/v1/keys")
    assert customer.balance() == 10**6
    call("POST", url, headers=right | {"content-type": "application/json"}, body=body).expect(200)
    refused(right)
    assert len(customer.charges()) == 1


def test_a_payer_is_taken_at_its_word_only_where_money_is_worth_nothing(world, tempo):
    """PM-10 and PM-33 as they are at paymodel, its placeholder for a key among them."""
    gateway = world.start(**paymodel(world, tempo, FAREBOX_UNPROVEN_PAYERS="testnet"))
    assert "X-Payer is taken at its word" in gateway.errors.read_text()
    wallet = evm_account(3)
    client = sdk(gateway, "unused", wallet.address)
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(**ASK)
    assert refused.value.status_code == 402
    assert refused.value.response.headers["warning"].startswith("199 farebox")
    tempo.pay(1_000_000, TREASURY, sender=wallet)
    tempo.finalise()
    headers = {"x-payer": wallet.address}

    def balance():
        return call("GET", f"{gateway.url}/v1/balance", headers=headers).expect(200).json()["balance"]

    until(lambda: balance() == "1.000000", "the deposit to be credited")
    raw = client.chat.completions.with_raw_response.create(**ASK)
    assert raw.headers["warning"].startswith("199 farebox") and raw.headers["x-cost"]
    assert call("GET", f"{gateway.url}/health").headers["warning"]
    call("POST", f"{gateway.url}/v1/chat/completions", json=ASK).expect(401)


def test_a_payer_is_never_taken_at_its_word_beside_real_money(world, tempo):
    for settings in (serving(world), serving(world) | real(tempo)):
        settings |= {"FAREBOX_UNPROVEN_PAYERS": "testnet"}
        refused = run("serve", directory=world.directory, **settings)
        assert refused.returncode != 0 and "FAREBOX_UNPROVEN_PAYERS" in refused.stderr, (settings, refused.stderr)


def test_a_treasury_that_is_not_set_stops_the_start(world, tempo):
    """PM-27 and PM-34, otherwise: it is told before anybody asks."""
    for name in ("TEMPO_TESTNET_TREASURY", "FAREBOX_ADMIN_KEY"):
        settings = paymodel(world, tempo) | serving(world)
        del settings[name]
        refused = run("serve", directory=world.directory, **settings)
        assert refused.returncode == 65 and name in refused.stderr, refused.stderr


def test_worthless_money_is_never_taken_beside_real_money(world, tempo):
    settings = paymodel(world, tempo) | serving(world) | real(tempo) | {"FAREBOX_CHAINS": "tempo-testnet,tempo"}
    refused = run("serve", directory=world.directory, **settings)
    assert refused.returncode == 65 and "FAREBOX_CHAINS" in refused.stderr, refused.stderr


def serving(world):
    return {
        "FAREBOX_LISTEN": "127.0.0.1:0", "FAREBOX_DATABASE": f"sqlite:{world.directory}/never.db",
        "FAREBOX_ADMIN_KEY": "admin-" + secrets.token_hex(16), "TOGETHER_API_KEY": "tog-" + secrets.token_hex(16),
    }  # fmt: skip


def real(tempo):
    """A chain whose money is worth something."""
    return {"FAREBOX_CHAINS": "tempo", "TEMPO_TREASURY": TREASURY, "TEMPO_RPC_URL": tempo.url}
