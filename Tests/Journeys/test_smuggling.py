"""One request has one answer, however its frame is spoilt: by the gateway alone, and behind nginx."""

import collections
import itertools
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from framing import Reading, answers
from nginx import Nginx
from programs import World
from smuggling import Site, corpus, mutated
from tagged import TAG, ConfusedServer, TaggedUpstream
from wire import call

MODELS = ["gpt-4o", "gpt-5.2", "gpt-5.3-codex", "o3", "claude-opus-4-6", "claude-sonnet-4-6"]
SEED = int(os.environ.get("SMUGGLING_SEED", "1"))
MUTATIONS = int(os.environ.get("SMUGGLING_MUTATIONS", "1000"))
AT_ONCE = 12
# What is good HTTP, if seldom seen: it must be served, or refusing everything would pass.
GOOD = {
    "a length with zeros", "chunks", "chunks in capitals", "chunks after no space", "a chunk with zeros",
    "a chunk with an extension", "a chunk with a quoted extension", "a chunk with a long extension",
    "chunks that end in zeros", "chunks with a trailer", "an empty line first", "an expectation",
    "a connection that closes", "a body that nobody reads", "chunks that nobody reads",
}
PATIENCE = 10  # seconds until an answer that must come is missed


@dataclass
class Heard:
    """What came back on one connection."""

    content: bytes = b""
    # Whether the server ended it before we did, and whether it ended at all.
    was_closed: bool = False
    has_ended: bool = False


def converse(port, content, count, quiet, patience=PATIENCE):
    """Sends everything at once; hears `count` answers, or until it is quiet; then says that nothing follows."""
    heard = Heard()
    waits_for_count = quiet == patience
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as sock:
        try:
            sock.sendall(content)
            sock.settimeout(quiet)
            while len(answers(heard.content)[0]) < count or not waits_for_count:
                if not hear(sock, heard):
                    heard.was_closed = heard.has_ended = True
                    return heard
        except TimeoutError:
            pass
        except (BrokenPipeError, ConnectionResetError):
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


def attempt(target, name, site, attack):
    """An attack and a request after it on one connection: the best verdict under any reading that is allowed."""
    content = attack + site.describe(site.sentinel)
    readings = [Reading(content)] + [Reading(content, is_lenient=True)] * target.is_proxied
    strict = readings[0]
    quiet = target.patience if strict.end == "whole" else min(0.6, target.patience / 2)
    heard = converse(target.port, content, len(strict.requests), quiet, target.patience)
    verdicts = [judge(name, reading, heard) for reading in readings]
    return min(verdicts, key=lambda verdict: len(verdict.problems))


class Target:
    """Somebody who is attacked, and what the attacks came to."""

    def __init__(self, port, key, place, is_proxied=False, patience=PATIENCE):
        self.port, self.key, self.place = port, key, place
        self.is_proxied, self.patience = is_proxied, patience
        self.numbers = itertools.count(1)
        self.verdicts = []

    def attack(self, attacks):
        """Runs `attacks`, pairs of a name and a function of a site, some at a time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = list(pool.map(self._attempt, attacks))
        self.verdicts += verdicts
        return verdicts

    def _attempt(self, pair):
        name, attack = pair
        number = next(self.numbers)
        attacked, sentinel, probe = (MODELS[(number + step) % len(MODELS)] for step in range(3))
        site = Site(self.key, attacked, sentinel, f"{number}-{self.place}")
        verdict = attempt(self, name, site, attack(site))
        if self.is_proxied:
            verdict.problems += self._probe(site, probe)
        return verdict

    def _probe(self, site, model):
        """An honest request on a connection of its own: its answer is its own."""
        content = site.describe(model)
        heard = converse(self.port, content, 1, PATIENCE)
        return judge("probe", Reading(content), heard).problems

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


@pytest.fixture
def nginx(attacked, tmp_path):
    proxy = Nginx(tmp_path, attacked.gateway.port)
    yield proxy
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
    target.attack(named(customer.key))
    assert len(target.verdicts) >= 59
    assert {verdict.name for verdict in target.verdicts if verdict.kind == "served"} >= GOOD
    assert not [tag for tag in attacked.tagged.heard if tag.startswith("tag-hidden")]
    check(target, customer, attacked.tagged)


def test_two_changes_at_once_are_one_request_or_none(attacked, customer):
    target = Target(attacked.gateway.port, customer.key, "alone")
    target.attack(seeded(MUTATIONS))
    check(target, customer, attacked.tagged)


def test_nobody_behind_nginx_gets_anothers_answer(attacked, customer, nginx):
    target = Target(nginx.port, customer.key, "nginx", is_proxied=True)
    target.attack(named(customer.key) + seeded(MUTATIONS))
    assert {verdict.name for verdict in target.verdicts if verdict.kind == "served"} >= GOOD
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
