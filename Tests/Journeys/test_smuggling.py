"""One request has one answer, however its frame is spoilt: by the gateway alone, and behind real proxies."""

import collections
import contextlib
import functools
import itertools
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from framing import Reading, answers
from programs import World
from proxies import HAProxy, Nginx
from smuggling import Site, corpus, mutated
from tagged import TAG, ConfusedServer, TaggedUpstream
from wire import call

MODELS = ["gpt-4o", "gpt-5.2", "gpt-5.3-codex", "o3"]
SEED = int(os.environ.get("SMUGGLING_SEED", "1"))
MUTATIONS = int(os.environ.get("SMUGGLING_MUTATIONS", "1000"))
AT_ONCE = 12
# What is good HTTP, if seldom seen: it must be served, or refusing everything would pass.
GOOD = {
    "a length with zeros", "chunks", "chunks in capitals", "chunks after no space", "a chunk with zeros",
    "a chunk with an extension", "a chunk with a quoted extension", "a chunk with a long extension",
    "chunks that end in zeros", "chunks with a trailer", "an empty line first", "an expectation",
    "a connection that closes", "a body that nobody reads", "chunks that nobody reads",
    "a request in a chunk", "the start of a request in a chunk",
}
PATIENCE = 10  # seconds until an answer that must come is missed
QUIET = 0.5  # seconds in which an answer that must not come would
PROBED = "on another connection"
PAUSE = 0.02  # seconds in which a proxy passes on what it has of a body: of one that it has whole, it tells the length


@dataclass
class Heard:
    """What came back on one connection."""

    content: bytes = b""
    # Whether the server ended it before we did, and whether it ended at all.
    was_closed: bool = False
    has_ended: bool = False


def converse(port, content, reading, patience=PATIENCE, cut=0):
    """Sends everything, cut in two at `cut`; hears the answers that a reading has; says that nothing follows."""
    heard = Heard()
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if cut:
                sock.sendall(content[:cut])
                time.sleep(PAUSE)
            sock.sendall(content[cut:])
        try:
            while not is_enough(sock, heard, reading, patience):
                if not hear(sock, heard):
                    heard.was_closed = heard.has_ended = True
                    return heard
        except TimeoutError:
            pass
        except ConnectionResetError:
            heard.was_closed = heard.has_ended = True
            return heard
        try:
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(patience)
            while hear(sock, heard):
                pass
            heard.has_ended = True
        except TimeoutError:
            pass
        except OSError:
            heard.has_ended = True
    return heard


def is_enough(sock, heard, reading, patience):
    """Whether all answers have come; where not, sets how long the next piece is waited for."""
    has_all = len(answers(heard.content)[0]) >= len(reading.requests)
    if reading.end == "whole" and has_all:
        return True
    # What is malformed ends the connection, which may take its time; what is incomplete is only quiet.
    sock.settimeout(QUIET if reading.end == "incomplete" and has_all else patience)
    return False


def hear(sock, heard):
    piece = sock.recv(65536)
    heard.content += piece
    return piece


@dataclass
class Verdict:
    name: str
    kind: str = "served"
    problems: list = field(default_factory=list)
    # The tags of the prompts that were answered.
    tags: list = field(default_factory=list)


def judge(name, reading, heard):
    """Compares the answers with a reading of the bytes: they must belong to its requests, in order, from the first."""
    verdict = Verdict(name)
    found, rest = answers(heard.content)
    if rest:
        verdict.problems.append(f"bytes that are no answer: {rest[:80]}")
    for request, (status, _, body) in zip(reading.requests, found):
        if status == 200:
            verdict.problems += misfit(request, body)
            verdict.tags += tags(body)
        elif status < 400:
            verdict.problems.append(f"an answer {status}")
    judge_end(verdict, reading, found, heard)
    if not heard.has_ended:
        verdict.problems.append("the connection stays open")
    return verdict


def judge_end(verdict, reading, found, heard):
    expected, beyond = len(reading.requests), found[len(reading.requests) :]
    if len(found) < expected:
        verdict.kind = "refused"
        if not heard.was_closed:
            verdict.problems.append(f"{len(found)} answers to {expected} requests, and it is not closed")
        elif found and found[-1][0] < 400 and reading.reader.ends_early:
            verdict.kind = "ended"
        elif found and found[-1][0] < 400:
            verdict.problems.append(f"{len(found)} answers to {expected} requests, and no refusal")
    elif reading.end != "whole":
        verdict.kind = "refused" if reading.end == "malformed" else "unfinished"
        if len(beyond) > 1 or any(status < 400 for status, _, _ in beyond):
            verdict.problems.append(f"what is {reading.end} was answered {[status for status, _, _ in beyond]}")
        if reading.end == "malformed" and not heard.was_closed:
            verdict.problems.append("what is malformed did not close the connection")
    elif beyond and not (len(beyond) == 1 and beyond[0][0] >= 400 and reading.requests[-1].is_last):
        verdict.problems.append(f"{len(found)} answers to {expected} requests")
    elif any(status != 200 for status, _, _ in found):
        verdict.kind = "answered"


def misfit(request, body):
    """What is wrong with a 200 to this request."""
    try:
        told = json.loads(body)
    except ValueError:
        return [f"{request.method} {request.target} was answered with {body[:80]}"]
    if request.target.startswith("/v1/models/"):
        wanted = request.target.rsplit("/", 1)[1]
        return [] if told.get("id", "").endswith("/" + wanted) else [f"{wanted} was asked, {told.get('id')} answered"]
    wanted = [tag.decode() for tag in TAG.findall(request.body)]
    return [] if tags(body) == wanted else [f"{wanted} was asked, {tags(body)} answered"]


def tags(body):
    return [tag.decode() for tag in TAG.findall(body)]


def attempt(target, name, site, attack, is_cut):
    """An attack and a request after it on one connection: the best verdict under any reading that is allowed."""
    content = attack + site.describe(site.sentinel)
    strict = Reading(content)
    readings = [strict] + ([Reading(content, target.proxy.reader)] if target.proxy else [])
    cut = attack.find(b"\r\n\r\n") + 7 if is_cut else 0
    # A proxy answers to what it reads.
    heard = converse(target.port, content, readings[-1], target.patience, cut)
    verdicts = [judge(name, reading, heard) for reading in readings]
    return min(verdicts, key=lambda verdict: len(verdict.problems))


class Target:
    """Somebody who is attacked, and what the attacks came to."""

    def __init__(self, port, key, place, proxy=None, patience=PATIENCE):
        self.port, self.key, self.place = port, key, place
        self.proxy, self.patience = proxy, patience
        self.numbers = itertools.count(1)
        self.verdicts = []

    def attack(self, attacks, is_cut=False):
        """Runs `attacks`, pairs of a name and a function of a site, some at a time; or cut within their bodies."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = list(pool.map(lambda pair: self._attempt(*pair, is_cut), attacks))
        self.verdicts += verdicts
        return verdicts

    def _attempt(self, name, attack, is_cut):
        number = next(self.numbers)
        attacked, sentinel, probe = (MODELS[(number + step) % len(MODELS)] for step in range(3))
        site = Site(self.key, attacked, sentinel, f"{number}-{self.place}")
        verdict = attempt(self, name, site, attack(site), is_cut)
        if self.proxy:
            verdict.problems += [f"{PROBED}: {problem}" for problem in self._probe(site, probe)]
        return verdict

    def _probe(self, site, model):
        """An honest request on a connection of its own: its answer is its own."""
        content = site.describe(model)
        reading = Reading(content)
        return judge("probe", reading, converse(self.port, content, reading, self.patience)).problems

    @property
    def desyncs(self):
        return [f"{verdict.name}: {problem}" for verdict in self.verdicts for problem in verdict.problems]

    def counts(self):
        return dict(collections.Counter(verdict.kind for verdict in self.verdicts))


def named(key):
    """The corpus as attacks."""
    names = corpus(Site(key, MODELS[0], MODELS[1], "0-none"))
    return [(name, lambda site, name=name: corpus(site)[name]) for name in names]


def seeded(count):
    return [(f"mutation {seed}", lambda site, seed=seed: mutated(site, seed)) for seed in range(SEED, SEED + count)]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("smuggling"))
    world.tagged = TaggedUpstream()
    world.use_upstream(world.tagged.url)
    world.gateway = world.start()
    yield world
    world.close()
    world.tagged.close()


@pytest.fixture
def customer(attacked):
    attacked.tagged.heard.clear()
    return attacked.gateway.customer("50.00")


PROXIES = {
    "nginx": Nginx,
    "haproxy": HAProxy,
    "lenient haproxy": functools.partial(HAProxy, is_lenient=True),
}


@pytest.fixture(params=PROXIES)
def behind(request, tmp_path):
    """Starts a proxy of each kind before the server on a port."""
    started = []

    def start(port):
        started.append(PROXIES[request.param](tmp_path, port))
        return started[-1]

    start.kind = request.param
    yield start
    for proxy in started:
        proxy.close()


def check(target, customer, upstream):
    """No desync; the upstream heard what was answered, and that is what was charged."""
    print(f"\n{target.place}: {len(target.verdicts)} attacks, {target.counts()}, desyncs={len(target.desyncs)}")
    assert not target.desyncs, "\n".join(target.desyncs)
    answered = collections.Counter(tag for verdict in target.verdicts for tag in verdict.tags)
    assert collections.Counter(upstream.heard) == answered
    customer.gateway.wait_until_no_holds()
    told = call("GET", f"{customer.proxy}/transactions?limit=1").expect(200).json()
    assert told["total"] == 1 + sum(answered.values()), "the grant, and each answer once"


def test_each_of_the_known_attacks_is_one_request_or_none(attacked, customer):
    target = Target(attacked.gateway.port, customer.key, "alone")
    for is_cut in False, True:
        verdicts = target.attack(named(customer.key), is_cut)
        assert len(verdicts) >= 59
        assert {verdict.name for verdict in verdicts if verdict.kind == "served"} >= GOOD
    assert not [tag for tag in attacked.tagged.heard if tag.startswith("tag-hidden")]
    check(target, customer, attacked.tagged)


def test_two_changes_at_once_are_one_request_or_none(attacked, customer):
    target = Target(attacked.gateway.port, customer.key, "alone")
    target.attack(seeded(MUTATIONS))
    check(target, customer, attacked.tagged)


def test_nobody_behind_a_proxy_gets_anothers_answer(attacked, customer, behind):
    proxy = behind(attacked.gateway.port)
    target = Target(proxy.port, customer.key, proxy.name, proxy)
    for is_cut in False, True:
        verdicts = target.attack(named(customer.key), is_cut)
        kinds = ["served", "ended"] if is_cut else ["served"]
        assert {verdict.name for verdict in verdicts if verdict.kind in kinds} >= GOOD - proxy.refuses
    target.attack(seeded(MUTATIONS // 2))
    target.attack(seeded(MUTATIONS)[MUTATIONS // 2 :], is_cut=True)
    print(f"\nbehind {behind.kind}, {proxy.sharing()}", end="")
    check(target, customer, attacked.tagged)


def test_the_judge_tells_of_a_server_that_is_confused():
    """The check can fail: a server that believes lengths before chunks, and forgives, is found out many times."""
    server = ConfusedServer()
    target = Target(server.port, "fbx-" + "0" * 12 + "-" + "0" * 64, "confused", patience=0.5)
    target.attack(named(target.key))
    server.close()
    served = [tag for verdict in target.verdicts for tag in verdict.tags if tag.startswith("tag-hidden")]
    print(f"\nconfused: {len(target.desyncs)} problems in {len(target.verdicts)} attacks, {len(served)} smuggled")
    assert served
    assert len([verdict for verdict in target.verdicts if verdict.problems]) > 30


def test_the_judge_tells_of_a_confused_server_behind_a_proxy(behind):
    """The check can fail there, too: what such a server takes out of a body is answered to somebody else."""
    server = ConfusedServer()
    proxy = behind(server.port)
    target = Target(proxy.port, "fbx-" + "0" * 12 + "-" + "0" * 64, "confused", proxy, patience=2)
    # nginx sends on in chunks only what it does not have whole.
    target.attack(named(target.key), is_cut=behind.kind == "nginx")
    server.close()
    wrong = [problem for problem in target.desyncs if " was asked, " in problem]
    others = [problem for problem in wrong if PROBED in problem]
    print(f"\nconfused behind {behind.kind}: {len(target.desyncs)} problems, {len(wrong)} wrong answers,", end="")
    print(f" {len(others)} of them on another connection")
    assert wrong
    # nginx shares no connection whose answer came before its request was sent.
    assert others or behind.kind == "nginx"
