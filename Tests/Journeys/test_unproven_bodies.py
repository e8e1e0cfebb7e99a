"""Bodies of requests whose senders nobody knows yet: what their heads refuse is not read, and of the rest no more than so much."""

import contextlib
import json
import secrets
import socket
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account
from solders.keypair import Keypair

from dialects import BOTH, OPENAI
from programs import PATIENCE, ROOT, until
from test_slow_clients import Peak, resident
from wallets import Signer
from wire import call, is_whole, parse, raw, raw_request

MEGABYTE = 1 << 20
# What a request may be, what of all unproven ones together is read, half of it of one address'.
LARGEST, ROOM = 8 * MEGABYTE, 32 * MEGABYTE
# What the process may take beside, and how many more ask.
BESIDE, CROWD = 24 * MEGABYTE, 30
TARGET = "/v1/chat/completions"
# A signature's form is all that its head can be asked for.
FORM = "0x" + "11" * 64 + "1b"


def head(method, target, headers, length=None):
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    lines = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", framing, *(f"{name}: {value}" for name, value in headers.items())]
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
        self.sock.sendall(head("POST", TARGET, fields, length))
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


def refused_for_room(answer):
    """It says so in the caller's dialect, paymodel's members beside, and when to ask again."""
    told = answer.expect(429).json()
    assert told["error"]["type"] == "rate_limit_error" and told["error"]["code"] == "unproven_bodies_full"
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
            {"x-payer-nonce": "a" * 65}, {"host": "gateway"},
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


def test_no_more_is_held_of_unproven_bodies_than_there_is_room_for(bounded):
    customer = bounded.customer("1.00")
    call(**OPENAI.request(customer)).expect(200)
    before = resident(bounded)
    peak = Peak(bounded)
    with contextlib.ExitStack() as stack:

        def body(*arguments, **more):
            return stack.enter_context(contextlib.closing(Body(bounded, *arguments, **more)))

        # One address has half of the room, and two have all of it.
        held = [body(address).send(LARGEST - 1) for address in ("10.0.0.1", "10.0.0.1")]
        refused_for_room(body("10.0.0.1").answer())
        held += [body("10.0.0.2", length).send(length - 1) for length in (LARGEST, LARGEST)]
        assert all(one.is_read for one in held)
        for number in range(CROWD):
            one = body(f"10.0.1.{number}")
            assert not one.is_read
            refused_for_room(one.answer())
        # What is not announced is counted as it comes.
        chunks = body("10.0.0.3", None)
        assert chunks.is_read
        chunks.sock.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        refused_for_room(chunks.answer())
        # Who is known is served, and so is what has come whole, for nobody waits for it.
        for dialect in BOTH:
            call(**dialect.request(customer)).expect(200)
        headers = customer.bearer | {"content-type": "application/json"}
        call("POST", f"{bounded.url}{TARGET}", headers=headers, body=large_body()).expect(200)
        signer, small = Signer(bounded, Account.create()), json.dumps(OPENAI.body()).encode()
        signed = list(signer.headers("POST", TARGET, small).items())
        whole = raw_request("POST", TARGET, signed, small, host=f"127.0.0.1:{bounded.port}")
        assert parse(raw(bounded.port, whole)).status == 402
        # Whoever is done gives its room back: refused, or gone.
        assert held[0].send(1).answer().status == 401
        held[0] = body("10.0.0.4")
        assert held[0].is_read
        refused_for_room(body("10.0.0.5").answer())
        held[1].close()
        until(lambda: body("10.0.0.5").is_read, "the room of who is gone to be there for others")
        grown = (peak.stop() - before) * 1024
        print(f"\n{len(held)} bodies held, {CROWD} refused, {grown >> 20} MiB more, {ROOM >> 20} MiB of room")
        assert grown < ROOM + 2 * LARGEST + BESIDE < CROWD * LARGEST
    assert bounded.is_healthy()


def test_who_does_not_send_its_body_in_time_gives_its_room_back(world):
    gateway = world.start(FAREBOX_BODY_LIMIT=LARGEST, FAREBOX_UNPROVEN_BODY_LIMIT=LARGEST, FAREBOX_BODY_TIMEOUT=2)
    slow = Body(gateway, "-")
    assert slow.is_read
    assert slow.answer().json()["error"]["code"] == "body_too_slow"
    quick = Body(gateway, "-")
    assert quick.is_read
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


def test_a_claim_of_a_deposit_is_short(shared):
    customer = shared.customer()
    for length in (29 * MEGABYTE, 100_000):
        told = parse(raw(shared.port, head("POST", "/v1/deposit", customer.bearer, length)))
        assert told.status == 413 and told.json()["code"] == "BODY_TOO_LARGE"
