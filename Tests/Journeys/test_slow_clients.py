"""Clients that send slowly, or read nothing: their own connections end, and honest ones do not notice."""

import contextlib
import json
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dialects import BOTH, OPENAI
from programs import PATIENCE, World, until
from scripted import ScriptedUpstream
from wire import call

both = pytest.mark.parametrize("dialect", BOTH, ids=str)

# Short, so that their end can be waited for; beyond all of them nothing slow is left.
TIMES = {"FAREBOX_REQUEST_TIMEOUT": "3", "FAREBOX_BODY_TIMEOUT": "2"}
FAREWELL = 2
LONGEST = 3 + FAREWELL
# What a busy machine may add; nobody's patience ends before it.
LATE = 4 * LONGEST
CROWD = 60
# How long nothing of an answer may be read.
IDLE = 8
# How long an answer is read on that nobody reads: the longer, the more would be held that is kept.
DRAIN = 4


@pytest.fixture(scope="module")
def shared_settings():
    return TIMES


def head(method, path, *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: gateway", *lines]).encode() + b"\r\n"


def post(customer, dialect, *lines):
    fields = [f"{name}: {value}" for name, value in (dialect.headers | dialect.auth(customer.key)).items()]
    return head("POST", dialect.path, *fields, *lines)


class Slow:
    """A connection that was sent something, and then a byte now and then."""

    def __init__(self, port, content, drip=b"", every=0.2):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.started = time.monotonic()
        self.lasted = None
        self.heard = b""
        self.sock.sendall(content)
        self.drip, self.every = drip, every

    def outlast(self):
        """Drips until the other side ends it, and notes how long that took."""
        self.sock.settimeout(self.every)
        with self.sock, contextlib.suppress(OSError):
            while time.monotonic() < self.started + 2 * LATE:
                try:
                    piece = self.sock.recv(65536)
                    if not piece:
                        # Half closed: only a byte that is refused tells of the whole end.
                        time.sleep(self.every)
                        self.sock.sendall(self.drip or b"\r")
                        continue
                    self.heard += piece
                except TimeoutError:
                    if self.drip:
                        self.sock.sendall(self.drip)
        self.lasted = time.monotonic() - self.started
        return self


WAYS = {
    "says nothing": lambda customer: (b"", b""),
    "stops in the first line": lambda customer: (b"POST /v1/mess", b""),
    "drips empty lines": lambda customer: (b"", b"\r\n"),
    "drips its first line": lambda customer: (b"GET /", b"a"),
    "drips a field": lambda customer: (post(customer, OPENAI) + b"x-slow: ", b"a"),
    "drips fields": lambda customer: (post(customer, OPENAI), b"x-slow: a\r\n"),
    "stops in its body": lambda customer: (post(customer, OPENAI, "content-length: 5000") + b"\r\n{", b""),
    "drips its body": lambda customer: (post(customer, OPENAI, "content-length: 5000") + b"\r\n{", b" "),
    "drips its chunks": lambda customer: (post(customer, OPENAI, "transfer-encoding: chunked") + b"\r\n", b"1\r\n \r\n"),
    "drips a chunk's size": lambda customer: (post(customer, OPENAI, "transfer-encoding: chunked") + b"\r\n", b"0"),
    "drips a chunk's extension": lambda customer: (
        post(customer, OPENAI, "transfer-encoding: chunked") + b"\r\n1;", b"a"
    ),
    "drips a trailer": lambda customer: (
        post(customer, OPENAI, "transfer-encoding: chunked") + b"\r\n0\r\nx-slow: ", b"a"
    ),
    "drips a body that nobody reads": lambda customer: (head("POST", "/nowhere", "content-length: 5000") + b"\r\n", b" "),
    "drips a body as a stranger": lambda customer: (head("POST", OPENAI.path, "content-length: 5000") + b"\r\n", b" "),
    "drips a body to a page": lambda customer: (head("GET", "/v1/pricing", "content-length: 5000") + b"\r\n", b" "),
    "stays after its answer": lambda customer: (head("GET", "/livez") + b"\r\n", b""),
    "stays after an answer that closes": lambda customer: (head("GET", "/livez", "connection: close") + b"\r\n", b""),
    "stays after a bad frame": lambda customer: (head("GET", "/livez", "content-length: x") + b"\r\n", b""),
    "goes on after a bad frame": lambda customer: (head("GET", "/livez", "content-length: x") + b"\r\n", b"a"),
    "stays after an endless field": lambda customer: (head("GET", "/livez") + b"x: " + b"y" * 200_000, b""),
    "stays after a flood of fields": lambda customer: (head("GET", "/livez") + b"x: y\r\n" * 2000, b""),
}


def test_each_way_to_be_slow_ends_in_its_time(shared):
    """All at once, each many times; honest requests go on beside them, each one answered."""
    customer = shared.customer("1.00")
    slow = [
        (name, Slow(shared.port, *way(customer))) for name, way in WAYS.items() for _ in range(CROWD // len(WAYS) + 1)
    ]
    honest = Honest(shared)
    with ThreadPoolExecutor(len(slow)) as pool:
        done = list(pool.map(lambda pair: (pair[0], pair[1].outlast()), slow))
    counted = honest.stop()
    longest = max(one.lasted for _, one in done)
    print(f"\n{len(done)} slow connections, the longest {longest:.1f} seconds, {counted} honest answers meanwhile")
    late = {name: round(one.lasted, 1) for name, one in done if one.lasted > LATE}
    assert not late
    for name, one in done:
        if name.endswith("bad frame") or "endless" in name or "flood" in name:
            assert one.heard.startswith(b"HTTP/1.1 400 "), (name, one.heard[:100])
            assert b"connection: close" in one.heard.lower()
    assert counted >= 10
    shared.wait_until_no_holds()
    assert customer.balance() == 1_000_000
    assert len(honest.customer.charges()) == min(counted, 99)


class Honest:
    """A customer who asks again and again, and is answered each time."""

    def __init__(self, gateway):
        self.customer = gateway.customer("5.00")
        self.count = 0
        self.failures = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._ask)
        self.thread.start()

    def _ask(self):
        while not self.over.is_set() and self.count < 99:
            answer = call(**OPENAI.request(self.customer), patience=LATE)
            self.count += 1
            if answer.status != 200:
                self.failures.append((answer.status, answer.body[:200]))

    def stop(self):
        self.over.set()
        self.thread.join()
        assert not self.failures
        return self.count


def resident(gateway):
    """KiB of memory."""
    with open(f"/proc/{gateway.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


class Peak:
    """The most memory that is held at a time, in KiB: what is let go of at an end was held until then."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.most = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self):
        while not self.over.wait(0.05):
            self.most = max(self.most, resident(self.gateway))

    def stop(self):
        self.over.set()
        self.thread.join()
        return max(self.most, resident(self.gateway))


def connections(gateway):
    """How many connections the gateway holds open."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    ours = f":{gateway.port:04X}"
    return sum(row[1].endswith(ours) and row[3] == "01" for row in rows)


EVENT = {
    "openai": b'data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n',
    "anthropic": b"event: content_block_delta\ndata: "
    b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}\n\n',
}
START = b"event: message_start\ndata: " + (
    b'{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m",'
    b'"content":[],"usage":{"input_tokens":9,"output_tokens":1}}}\n\n'
)
READERS = 20
COMMENT = b": " + b"x" * 20_000 + b"\n\n"
COMMENTS = 700
# What the upstream has for them all, in KiB: held in memory, it would show.
OFFERED = READERS * COMMENTS * len(COMMENT) // 1024


@pytest.fixture(scope="module")
def flooded(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("flooded"))
    world.scripted = ScriptedUpstream()
    world.use_upstream(world.scripted.url)
    # What ends those who do not read; nothing else does, nor those who read on.
    world.gateway = world.start(
        FAREBOX_UPSTREAM_IDLE_TIMEOUT=IDLE, FAREBOX_REQUEST_TIMEOUT=600, FAREBOX_DRAIN_SECONDS=DRAIN
    )
    yield world
    world.close()
    world.scripted.close()


@both
def test_who_never_reads_is_cut_off_and_pays_for_what_was_sent(flooded, dialect):
    """Streams that nobody reads take bounded memory, and their connections end."""
    gateway = flooded.gateway
    customer = gateway.customer("100.00")
    flooded.scripted.heard.clear()
    first = [START] if dialect.name == "anthropic" else []
    # Comments are passed on and cost nothing, so that no limit but the reader's ends the stream.
    flooded.scripted.answer(*first, EVENT[dialect.name] % (b"word " * 100), *[COMMENT] * COMMENTS)
    before = resident(gateway)
    body = json.dumps(dialect.body(stream=True, max_tokens=30_000)).encode()
    request = post(customer, dialect, f"content-length: {len(body)}") + b"\r\n" + body
    readers = [connected(gateway, request) for _ in range(READERS)]
    until(lambda: len(flooded.scripted.heard) == READERS, "the streams to begin")
    # The gateway's own time ends them: nobody of us leaves.
    peak = Peak(gateway)
    until(lambda: connections(gateway) == 0, "the connections to end", 60)
    gateway.wait_until_no_holds()
    grown = peak.stop() - before
    print(f"\n{READERS} stalled readers: {grown} of {OFFERED} KiB more at most")
    assert grown < OFFERED / 3
    for sock in readers:
        sock.close()
    charges = customer.charges()
    assert len(charges) == READERS
    assert 0 < sum(charges) == 100_000_000 - customer.balance()


@both
def test_a_whole_answer_that_nobody_reads_is_let_go(flooded, dialect):
    """It was paid for before it was sent; its connection does not stay for it."""
    gateway = flooded.gateway
    customer = gateway.customer("100.00")
    answer_at_length(flooded)
    body = json.dumps(dialect.body()).encode()
    request = post(customer, dialect, f"content-length: {len(body)}") + b"\r\n" + body
    readers = [connected(gateway, request) for _ in range(3)]
    until(lambda: len(customer.charges()) == 3, "the answers to be settled")
    until(lambda: connections(gateway) == 0, "the connections to end")
    for sock in readers:
        sock.close()


@both
def test_a_whole_answer_that_is_read_slowly_arrives(flooded, dialect):
    """Whoever reads on has the time that it takes, however long the answer is."""
    gateway = flooded.gateway
    customer = gateway.customer("100.00")
    content = answer_at_length(flooded)
    body = json.dumps(dialect.body()).encode()
    sock = connected(gateway, post(customer, dialect, f"content-length: {len(body)}") + b"\r\n" + body)
    got = b""
    while not got.endswith(content[-100:]) and (piece := sock.recv(1 << 20)):
        got += piece
        time.sleep(len(piece) / 2_500_000)
    assert got.endswith(content[-100:]), f"{len(got)} of {len(content)} bytes"
    sock.close()


def test_who_reads_steadily_is_not_cut_off_however_slowly(flooded):
    """Sixty kilobytes a second, for longer than somebody who reads nothing has."""
    gateway = flooded.gateway
    customer = gateway.customer("100.00")
    answer_at_length(flooded)
    body = json.dumps(OPENAI.body()).encode()
    until(lambda: connections(gateway) == 0, "all others to be gone")
    sock = connected(gateway, post(customer, OPENAI, f"content-length: {len(body)}") + b"\r\n" + body)
    assert sock.recv(6000).startswith(b"HTTP/1.1 200")
    end = time.monotonic() + IDLE + 6
    while time.monotonic() < end:
        assert sock.recv(6000)
        time.sleep(0.1)
    # What the system keeps for a connection that was ended would still be read: it is asked whether it stands.
    assert connections(gateway) == 1
    sock.close()


def answer_at_length(flooded):
    """Has the upstream answer with ten megabytes at once."""
    usage = b'{"input_tokens":9,"output_tokens":5,"prompt_tokens":9,"completion_tokens":5}'
    content = b'{"usage":%s,"text":"%s"}' % (usage, b"word " * 2_000_000)
    flooded.scripted.answer(content, content_type="application/json")
    return content


def connected(gateway, request):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(PATIENCE)
    sock.connect(("127.0.0.1", gateway.port))
    sock.sendall(request)
    return sock


def test_many_requests_at_once_on_one_connection_are_answered_in_their_order(shared):
    """A thousand pipelined requests have a thousand answers, and none waits for the rest to be read."""
    customer = shared.customer("1.00")
    names = ["gpt-4o", "o3", "gpt-5.2"]
    requests = [
        head("GET", f"/v1/models/{names[number % 3]}", f"authorization: Bearer {customer.key}") + b"\r\n"
        for number in range(1000)
    ]
    with socket.create_connection(("127.0.0.1", shared.port), timeout=PATIENCE) as sock:
        threading.Thread(target=lambda: sock.sendall(b"".join(requests)), daemon=True).start()
        reader = sock.makefile("rb")
        for number in range(1000):
            assert reader.readline().startswith(b"HTTP/1.1 200"), number
            length = 0
            while field := reader.readline().strip():
                if field.lower().startswith(b"content-length:"):
                    length = int(field.split(b":")[1])
            assert json.loads(reader.read(length))["id"].endswith("/" + names[number % 3])
