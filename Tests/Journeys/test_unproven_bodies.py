"""Bodies of requests whose senders nobody knows yet, or who have no money here: what their heads refuse is not read, and of the
rest no more than so much."""

import contextlib
import json
import secrets
import socket
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account
from solders.keypair import Keypair

from dialects import ANTHROPIC, BOTH, OPENAI
from money import dollars, price, prices
from programs import PATIENCE, ROOT, until
from test_slow_clients import Peak, resident
from wallets import Signer, content_digest, opened
from wire import Stream, call, is_whole, parse, raw, raw_request

MEGABYTE = 1 << 20
# What a request may be, and what of each body needs no room.
LARGEST, FREE = 8 * MEGABYTE, 64 << 10
# What of all unproven ones together is read beyond that, half of it of one address': four fill it.
ROOM = 4 * (LARGEST - FREE)
# What the process may take beside, and how many more ask.
BESIDE, CROWD = 80 * MEGABYTE, 30
TARGET = "/v1/chat/completions"
# A signature's form is all that its head can be asked for.
FORM = "0x" + "11" * 64 + "1b"


def head(method, target, headers, length=None, host="127.0.0.1"):
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", framing, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def names(**changes):
    """The head of a request as its wallet would sign it."""
    time = datetime.now(UTC).isoformat()
    fields = {"x-payer": Account.create().address, "x-payer-signature": FORM, "x-payer-time": time}
    return fields | {"x-payer-nonce": secrets.token_hex(8)} | changes


def heard(sock, first=b""):
    """One whole answer."""
    while not is_whole(first):
        piece = sock.recv(65536)
        assert piece, first
        first += piece
    return first


class Body:
    """A request that waits to be told before it sends its body."""

    def __init__(self, gateway, address, length=LARGEST, headers=None):
        self.length = length
        self.sock = socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE)
        fields = {"expect": "100-continue", "x-forwarded-for": address} | (headers or names())
        self.sock.sendall(head("POST", TARGET, fields, length, f"127.0.0.1:{gateway.port}"))
        self.heard = heard(self.sock)
        self.is_read = self.heard == b"HTTP/1.1 100 Continue\r\n\r\n"

    def send(self, count):
        self.sock.sendall(b" " * count)
        return self

    def answer(self):
        """What comes but the word to go on."""
        return parse(heard(self.sock, b"" if self.is_read else self.heard))

    def close(self):
        self.sock.close()


def large_body(**more):
    """As large as any that is taken, and no dearer than a small one."""
    return json.dumps(OPENAI.body(**more)).encode().ljust(LARGEST)


def refused_for_room(answer, is_payers=True):
    """It says so in the caller's dialect, for payers with paymodel's members beside, and when to ask again."""
    told = answer.expect(429).json()
    assert told["error"]["type"] == "rate_limit_error" and told["error"]["code"] == "unproven_bodies_full"
    if is_payers:
        assert (told["code"], told["retryAfter"]) == ("UNPROVEN_BODIES_FULL", "5")
    assert answer.headers["retry-after"] == "5"


@pytest.fixture(scope="module")
def shared_settings():
    # Whoever waits for a body is heard to.
    return {"FAREBOX_BODY_TIMEOUT": "2"}


def test_what_its_head_refuses_is_refused_before_its_body(shared):
    """Many at once, of each kind; none is waited for, and none is told to go on."""
    wallet = Account.create()
    used = Signer(shared, wallet).headers("GET", "/v1/balance")
    call("GET", f"{shared.url}/v1/balance", headers=used).expect(200)
    at = datetime.now(UTC)
    refusals = [
        (401, "invalid_credential", change)
        for change in (
            {"x-payer-signature": "x"}, {"x-payer-signature": ""}, {"x-payer-signature": "0x" + "11" * 64},
            {"x-payer-signature": "0x" + "11" * 65}, {"x-payer": str(Keypair().pubkey())},
            {"x-payer-time": "now"}, {"x-payer-time": (at - timedelta(hours=1)).isoformat()},
            {"x-payer-time": (at + timedelta(hours=1)).isoformat()}, {"x-payer-nonce": "short"},
            {"x-payer-nonce": "a" * 65}, {"host": "gateway"}, {"content-digest": content_digest(b"")},
            {"x-payer": wallet.address, "x-payer-nonce": used["x-payer-nonce"]},
            {"x-payer": wallet.address.lower(), "x-payer-nonce": used["x-payer-nonce"]},
        )
    ] + [(400, "invalid_parameter", {"x-payer": wrong}) for wrong in ("", "0x12", "hello")]  # fmt: skip
    with contextlib.ExitStack() as stack:
        asked = []
        for status, code, change in refusals * 4:
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", shared.port), timeout=PATIENCE))
            fields = names(**change) | {"expect": "100-continue"}
            content = head("POST", TARGET, fields, 29 * MEGABYTE)
            if "host" in change:
                content = content.replace(b"host: 127.0.0.1\r\n", b"", 1)
            sock.sendall(content)
            asked.append((sock, status, code, change))
        for sock, status, code, change in asked:
            answer = parse(heard(sock))
            assert (answer.status, answer.json()["error"]["code"]) == (status, code), (change, answer.body)
    # The nonce of a request that a head alone refused was not used up.
    own = Signer(shared, wallet).headers("GET", "/v1/balance")
    raw(shared.port, head("POST", TARGET, own | {"x-payer-time": "now"}, 29 * MEGABYTE))
    call("GET", f"{shared.url}/v1/balance", headers=own).expect(200)


@pytest.fixture
def bounded(world):
    return world.start(
        FAREBOX_BODY_LIMIT=LARGEST, FAREBOX_UNPROVEN_BODY_LIMIT=ROOM, FAREBOX_BODY_TIMEOUT=600,
        FAREBOX_CLIENT_ADDRESS_HEADER="x-forwarded-for",
    )  # fmt: skip


def is_read_up(gateway):
    """Whether the gateway has taken all that was sent to it."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    port = f":{gateway.port:04X}"
    waiting = [row[4].split(":") for row in rows if port in row[1][-5:] + row[2][-5:] and row[3] == "01"]
    return not any(int(count, 16) for pair in waiting for count in pair)


class Crowd:
    """Many requests at a time to one gateway, which end together."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def body(self, *arguments, **more):
        return self.stack.enter_context(contextlib.closing(Body(self.gateway, *arguments, **more)))

    def fill(self, *bodies):
        """All of each but its last byte."""
        for one in bodies:
            assert one.is_read, one.heard
            one.send(one.length - 1)
        until(lambda: is_read_up(self.gateway), "what was sent to be read")

    def fill_all(self):
        held = [self.body(address) for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2")]
        self.fill(*held)
        return held


def test_no_more_is_held_of_unproven_bodies_than_there_is_room_for(bounded):
    customer, poor = bounded.customer("1.00"), bounded.customer()
    call(**OPENAI.request(customer)).expect(200)
    before = resident(bounded)
    peak = Peak(bounded)
    signer, small = Signer(bounded, Account.create()), json.dumps(OPENAI.body()).encode()
    with Crowd(bounded) as crowd:
        body = crowd.body
        # Heads take no room, whatever they announce, and neither does a little of each body: nobody is shut out by them.
        first = [body(f"2001:db8::{number:x}") for number in range(2)]
        second = [body("10.0.0.2") for _ in range(2)]
        silent = [body(address).send(FREE) for address in ("2001:db8::a", "10.0.0.2") for _ in range(CROWD // 2)]
        until(lambda: is_read_up(bounded), "what was sent to be read")
        headers = signer.headers("POST", TARGET, large_body()) | {"x-forwarded-for": "10.0.0.3"}
        call("POST", f"{bounded.url}{TARGET}", headers=headers, body=large_body()).expect(402)
        # One address, which is a network's where it is of IPv6, has half of the room, and two have all of it.
        crowd.fill(*first)
        refused_for_room(body("2001:db8::ffff:0:0:1").send(LARGEST).answer())
        crowd.fill(*second)
        for number in range(CROWD):
            # A key is made for nothing: one that has nothing to spend is no better than a stranger.
            headers = poor.bearer if number % 2 else None
            refused_for_room(body(f"10.0.1.{number}", headers=headers).send(LARGEST).answer(), is_payers=not headers)
        # What is not announced is counted as it comes.
        chunks = body("10.0.0.3", None)
        assert chunks.is_read
        chunks.sock.sendall(b"20000\r\n" + b" " * 0x20000 + b"\r\n")
        refused_for_room(chunks.answer())
        # Those who wait find no room any more; a small body needs none, in pieces or at once.
        assert silent[0].send(LARGEST - FREE).answer().status == 429
        for pieces in (1, 2):
            signed = list(signer.headers("POST", TARGET, small).items())
            whole = raw_request("POST", TARGET, signed, small, host=f"127.0.0.1:{bounded.port}")
            cut = len(whole) - (pieces - 1) * 20
            assert parse(raw(bounded.port, *filter(None, (whole[:cut], whole[cut:])))).status == 402
        # So is who has something to spend.
        for dialect in BOTH:
            call(**dialect.request(customer)).expect(200)
        headers = customer.bearer | {"content-type": "application/json"}
        call("POST", f"{bounded.url}{TARGET}", headers=headers, body=large_body()).expect(200)
        # Whoever is done gives its room back: refused, or gone.
        assert first[0].send(1).answer().status == 401
        third = body("10.0.0.4")
        crowd.fill(third)
        refused_for_room(body("10.0.0.5").send(LARGEST).answer())
        first[1].close()
        until(lambda: body("10.0.0.5").send(LARGEST).answer().status == 401, "the room of who is gone to be there for others")
        grown = (peak.stop() - before) * 1024
        print(f"\n4 bodies held, {CROWD} refused, {grown >> 20} MiB more, {ROOM >> 20} MiB of room")
        assert grown < ROOM + CROWD * FREE + 2 * LARGEST + BESIDE < CROWD * LARGEST
    assert bounded.is_healthy()


@pytest.mark.parametrize("make", [Account.create, Keypair])
def test_who_announces_its_bodys_digest_is_proven_by_the_head(bounded, make):
    wallet = make()
    signer, right, wrong = Signer(bounded, wallet), large_body(), large_body(max_tokens=65)
    _, customer = opened(bounded, wallet)

    def ask(headers, body, status):
        headers = headers | {"content-type": "application/json", "x-forwarded-for": "10.0.0.9"}
        return call("POST", f"{bounded.url}{TARGET}", headers=headers, body=body).expect(status)

    with Crowd(bounded) as crowd:
        crowd.fill_all()
        # A wallet is made for nothing: one that has nothing to spend needs room like any other.
        refused_for_room(ask(signer.announced("POST", TARGET, right), right, 429))
        customer.grant("1.00")
        headers = signer.headers("POST", TARGET, right)
        refused_for_room(ask(headers, right, 429))
        # What announces no digest that can be used announces none, and was not used up.
        refused_for_room(ask(headers | {"content-digest": "sha-512=:AAAA:"}, right, 429))
        ask(headers | {"content-digest": content_digest(right)}, right, 200)
        ask(headers | {"content-digest": content_digest(right)}, right, 401)
        # Another body than it announces is refused, and so is another digest than was signed, by the head.
        headers = signer.announced("POST", TARGET, right)
        ask(headers, wrong, 401)
        assert crowd.body("10.0.0.9", headers=headers).is_read
        other = crowd.body("10.0.0.9", headers=headers | {"content-digest": content_digest(wrong)})
        assert not other.is_read and other.answer().status == 401
        # Neither has used the nonce up.
        ask(headers, right, 200)
        ask(headers, right, 401)
    # With room for it the digest is compared, too.
    headers = signer.announced("POST", TARGET, right)
    ask(headers | {"content-digest": content_digest(wrong)}, right, 401)
    ask(headers, right, 200)
    assert len(customer.charges()) == 3


def test_who_has_nothing_to_spend_is_read_where_there_is_room(bounded):
    """What is free stays free, and is read where there is room for it."""
    poor, rich = bounded.customer(), bounded.customer("1.00")
    counting = json.dumps({"model": ANTHROPIC.body()["model"], "messages": [{"role": "user", "content": "Hello"}]}).encode()

    def ask(customer, dialect, target, body, status):
        headers = dialect.headers | customer.bearer | {"content-type": "application/json", "x-forwarded-for": "10.0.0.9"}
        return call("POST", f"{bounded.url}{target}", headers=headers, body=body).expect(status)

    with Crowd(bounded) as crowd:
        held = crowd.fill_all()
        for size, status in ((0, 200), (LARGEST, 429)):
            ask(poor, ANTHROPIC, "/v1/messages/count_tokens", counting.ljust(size), status)
            ask(rich, ANTHROPIC, "/v1/messages/count_tokens", counting.ljust(size), 200)
            ask(poor, OPENAI, TARGET, json.dumps(OPENAI.body()).encode().ljust(size), status if size else 402)
        for one in held:
            assert one.send(1).answer().status == 401
        ask(poor, ANTHROPIC, "/v1/messages/count_tokens", counting.ljust(LARGEST), 200)
        ask(poor, OPENAI, TARGET, large_body(), 402)


def test_whose_whole_balance_is_held_shares_no_room_with_strangers(bounded):
    money = dollars(price(prices(bounded, OPENAI.model), {"input": 100, "output": 1100}))
    customer, words = bounded.customer(money), {"messages": [{"role": "user", "content": "Hello"}]}
    body = json.dumps(words | {"model": ANTHROPIC.body()["model"]}).encode().ljust(LARGEST)
    headers = ANTHROPIC.headers | customer.bearer | {"content-type": "application/json", "x-forwarded-for": "10.0.0.9"}
    with Crowd(bounded) as crowd:
        crowd.fill_all()
        with Stream(**OPENAI.request(customer, "output_tokens=10; delay_chunk_ms=500", stream=True, max_tokens=4000)) as answer:
            assert answer.status == 200 and answer.event()
            told = call("GET", f"{customer.proxy}/balance").expect(200).json()["balances"].values()
            assert sum(asset["posted"] for asset in told) > 0 == sum(asset["available"] for asset in told)
            call("POST", f"{bounded.url}/v1/messages/count_tokens", headers=headers, body=body).expect(200)
            # It is held still.
            assert bounded.open_holds() == 1
            answer.events()


def test_who_does_not_send_its_body_in_time_gives_its_room_back(world):
    gateway = world.start(FAREBOX_BODY_LIMIT=LARGEST, FAREBOX_UNPROVEN_BODY_LIMIT=LARGEST, FAREBOX_BODY_TIMEOUT=2)
    slow = Body(gateway, "-")
    assert slow.is_read
    slow.send(LARGEST - 1)
    assert slow.answer().json()["error"]["code"] == "body_too_slow"
    quick = Body(gateway, "-")
    assert quick.send(LARGEST).answer().status == 401
    for one in (slow, quick):
        one.close()


@pytest.mark.parametrize("make", [Account.create, Keypair])
def test_an_honest_body_of_any_size_is_taken_and_a_bad_one_burns_no_nonce(bounded, make):
    signer = Signer(bounded, make())
    right, target = large_body(), f"{bounded.url}{TARGET}"
    headers = signer.headers("POST", TARGET, right) | {"content-type": "application/json"}
    call("POST", target, headers=headers, body=large_body(max_tokens=65)).expect(401)
    # It is nobody's yet, and has no money.
    call("POST", target, headers=headers, body=right).expect(402)
    # That was its one time.
    call("POST", target, headers=headers, body=right).expect(401)


ROUTES = [line.split() for line in (ROOT / "Tests/Journeys/routes.txt").read_text().splitlines() if not line.startswith("#")]
SENT = [(method, path) for method, path, _ in ROUTES if method not in ("GET", "DELETE")]
# Where no credential is wanted, or it is in the body itself.
TAKEN = {"/v1/challenge": 413, "/v1/session": 413, "/v1/register": 200, "/v1/hooks/{chain}": 404}


def named(path):
    return path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("method, path", SENT, ids=lambda value: value)
def test_no_route_waits_for_a_large_body_of_a_stranger(shared, method, path):
    for length in (29 * MEGABYTE, 100_000):
        answer = parse(raw(shared.port, head(method, named(path), {"expect": "100-continue", "connection": "close"}, length)))
        assert answer.status == TAKEN.get(path, 401), answer.body
    # Nor for one that does not say how large it is.
    content = head(method, named(path), {"connection": "close"}) + b"20000\r\n" + b" " * 0x20000 + b"\r\n"
    answer = parse(raw(shared.port, content))
    assert answer.status == TAKEN.get(path, 401), answer.body


# What a customer sends beside inferences and questions for their tokens.
SHORT = [
    (method, path) for method, path in SENT
    if path.startswith(("/v1/deposit", "/v1/keys", "/v1/withdrawals")) and not path.endswith(("/rotate", "/cancel"))
]  # fmt: skip


@pytest.mark.parametrize("method, path", SHORT, ids=lambda value: value)
def test_what_a_customer_sends_beside_inferences_is_short(shared, method, path):
    customer = shared.customer()
    for length in (29 * MEGABYTE, 100_000):
        told = parse(raw(shared.port, head(method, named(path), customer.bearer, length)))
        assert told.status == 413, told.body
        assert "body_too_large" in told.body.decode().lower()
