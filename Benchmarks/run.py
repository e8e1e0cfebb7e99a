"""What a request through the gateway costs beside nginx, which bills nothing, measured in one run.

    make bench                  the table, and .build-bench/last.json beside it
    make bench PEERS=1          with LiteLLM, installed from PyPI into .build-bench/litellm
    make bench ROUNDS=3 QUICK=1 for a look

Everything runs on loopback. Contestants take turns, figures are medians of the rounds, and each is told as a ratio to
nginx's as well: absolute times are this machine's, ratios travel. docs/performance.md says how to read it.
"""

import atexit
import contextlib
import json
import os
import resource
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".build-bench/release"
FAREBOX = ROOT / ".build-release/release/farebox"
ROUNDS = int(os.environ.get("ROUNDS") or 5)
QUICK = bool(os.environ.get("QUICK"))
SECONDS = 1 if QUICK else 3
STREAMS = (100, 1000) if QUICK else (1000, 10_000)
MESSAGES = [{"role": "user", "content": "Say something kind about a benchmark, in a sentence or two, please."}]
WHOLE = json.dumps({"model": "gpt-4o", "messages": MESSAGES, "max_tokens": 64}, separators=(",", ":"))
STREAM = json.dumps({"model": "gpt-4o", "messages": MESSAGES, "max_tokens": 256, "stream": True}, separators=(",", ":"))
CHUNKS = 100
# Files that are in memory alone.
MEMORY = Path("/dev/shm")
# Shares of the rate that farebox can bear, at which requests are sent, however fast they are answered.
LOADS = (0.25, 0.5, 0.75)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for_port(port, process, patience=60):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"nobody listens on {port}")


class Contestant:
    """A program that answers on a port; its cost is that of its processes.

    A turn of the load lasts so many `seconds`: a slow one needs more of them for a figure.
    """

    def __init__(self, name, port, command, key="none", seconds=SECONDS, **environment):
        self.name, self.port, self.key, self.seconds = name, port, key, seconds
        self.answered = 0
        log = open(f"{name}.log", "w")
        self.process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
        atexit.register(self.process.terminate)
        wait_for_port(port, self.process, 120)

    @property
    def processes(self):
        ids = [self.process.pid]
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return ids + [int(child) for child in children]

    def cpu(self):
        """CPU seconds so far, by the scheduler's own accounting of each thread."""
        total = 0
        for pid in self.processes:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(OSError):
                    total += int((thread / "schedstat").read_text().split()[0])
        return total / 1e9

    def memory(self):
        """Resident bytes."""
        status = [Path(f"/proc/{pid}/status").read_text() for pid in self.processes]
        return sum(int(text.split("VmRSS:")[1].split()[0]) * 1024 for text in status)

    def stop(self, patience=30):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.process.kill()


def nginx(upstream):
    port = free_port()
    Path("nginx.conf").write_text(
        f"""worker_processes 1; daemon off; pid {Path.cwd()}/nginx.pid; error_log stderr;
events {{ worker_connections 30000; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; proxy_temp_path {Path.cwd()}/proxy;
  client_body_temp_path {Path.cwd()}/body;
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 20000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_read_timeout 600s;
    }}
  }}
}}"""
    )
    return Contestant("nginx", port, ["nginx", "-p", str(Path.cwd()), "-c", "nginx.conf"])


def gateway(upstream, database, admin=None, name="farebox"):
    port = free_port()
    return Contestant(
        name, port, [FAREBOX, "serve"], FAREBOX_LISTEN=f"127.0.0.1:{port}", FAREBOX_DATABASE=database,
        FAREBOX_ADMIN_KEY=admin or secrets.token_hex(16), FAREBOX_LOG_LEVEL="notice", OPENAI_API_KEY="sk-none",
        OPENAI_BASE_URL=f"http://127.0.0.1:{upstream}/v1", FAREBOX_UPSTREAM_CONNECTIONS="20000",
    )  # fmt: skip


def farebox(upstream, database="farebox", **options):
    """The gateway on new books, with one customer."""
    admin = "admin-" + secrets.token_hex(16)
    contestant = gateway(upstream, f"sqlite:{database}.db", admin, **options)
    port = contestant.port

    def post(path, body, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
        return json.load(urllib.request.urlopen(request))

    customer = post("/v1/register", {})
    grant = {"customer": customer["customer"], "amount": "1000000.00", "reason": "bench", "id": "bench"}
    post("/v1/admin/grants", grant, **{"x-admin-key": admin, "content-type": "application/json"})
    contestant.key = customer["api_token"]
    return contestant


def without_disk(upstream, database="farebox"):
    """The same on books that no sync has to wait for: what is left of a delay is not the disk's."""
    folder = tempfile.TemporaryDirectory(prefix="farebox-bench-", dir=MEMORY)
    atexit.register(folder.cleanup)
    return farebox(upstream, f"{folder.name}/{database}", name="no disk")


def litellm(upstream):
    environment = ROOT / ".build-bench/litellm"
    if not (environment / "bin/litellm").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([environment / "bin/pip", "install", "-q", "litellm[proxy]"], check=True)
    port = free_port()
    Path("litellm.yaml").write_text(
        f"""model_list:
  - model_name: gpt-4o
    litellm_params: {{ model: openai/gpt-4o, api_base: "http://127.0.0.1:{upstream}/v1", api_key: none }}
general_settings: {{ master_key: sk-bench }}
"""
    )
    command = [
        environment / "bin/litellm", "--config", "litellm.yaml", "--host", "127.0.0.1", "--port", str(port),
        # Idle connections are closed after five seconds otherwise, in the middle of a turn.
        "--keepalive_timeout", "600",
    ]  # fmt: skip
    return Contestant("litellm", port, command, key="sk-bench", seconds=10, LITELLM_LOG="ERROR")


class Upstream:
    """The static provider: whole answers, and streams of so many chunks."""

    def __init__(self, chunks=CHUNKS, interval=0):
        command = [TOOLS / "StaticUpstream", f"chunks={chunks}", f"interval-us={interval}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.port = int(self.process.stdout.readline().split()[1])
        self.name, self.key, self.answered, self.seconds = "direct", "none", 0, SECONDS

    def stop(self):
        self.process.kill()


def load(contestant, body, **options):
    told = [f"{name}={value}" for name, value in options.items()]
    command = [TOOLS / "Load", f"port={contestant.port}", f"key={contestant.key}", f"body={body}", *told]
    seen = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    if seen["refused"] or seen["errors"] or not seen["served"]:
        raise SystemExit(f"{contestant.name} did not answer all: {seen}")
    contestant.answered += seen["served"]
    return seen


def costs(contestants, body, units, **options):
    """CPU microseconds a unit, and units a second, of each contestant: the median of the rounds."""
    figures = {contestant.name: [] for contestant in contestants}
    for contestant in contestants:
        load(contestant, body, seconds=contestant.seconds, **options)
    for _ in range(ROUNDS):
        for contestant in contestants:
            before = contestant.cpu()
            seen = load(contestant, body, seconds=contestant.seconds, **options)
            spent = contestant.cpu() - before
            each, rate = spent * 1e6 / (seen["served"] * units), seen["answered"] * units / seen["seconds"]
            figures[contestant.name].append((each, rate))
    return {name: tuple(statistics.median(column) for column in zip(*rows)) for name, rows in figures.items()}


def delays(contestants, body, measure, **options):
    """p50, p99 and p99.9 in microseconds of each contestant: the median of the rounds."""
    figures = {contestant.name: [] for contestant in contestants}
    for _ in range(ROUNDS):
        for contestant in contestants:
            seen = load(contestant, body, seconds=contestant.seconds, **options)[measure]
            figures[contestant.name].append((seen["p50"], seen["p99"], seen["p999"]))
    return {name: tuple(statistics.median(column) for column in zip(*rows)) for name, rows in figures.items()}


def open_streams(contestant, count):
    """Resident bytes while so many streams are open."""
    command = [TOOLS / "Load", f"port={contestant.port}", f"key={contestant.key}", f"body={STREAM}", f"hold={count}"]
    agents = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = agents.stdout.readline()
        assert line.startswith("holding"), (contestant.name, line)
        time.sleep(2)
        return contestant.memory()
    finally:
        agents.kill()


def sync_time():
    """Microseconds of one append and fdatasync of a page, the median of 200."""
    times = []
    with open("sync.dat", "wb", buffering=0) as file:
        for _ in range(200):
            start = time.monotonic()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append((time.monotonic() - start) * 1e6)
    return statistics.median(times)


def database_bytes(name="farebox"):
    return sum(path.stat().st_size for path in Path(".").glob(f"{name}.db*"))


class Table:
    """Rows of what was measured, in the order in which they were."""

    def __init__(self):
        self.rows = []

    def add(self, what, unit, values, base="nginx"):
        row = {"what": what, "unit": unit, "values": values}
        print(f"\n{what} ({unit})")
        for name, value in values.items():
            ratio = f"{value / values[base]:8.2f} x {base}" if base in values and values[base] and name != base else ""
            print(f"  {name:10} {value:12.1f} {ratio}", flush=True)
        self.rows.append(row)


def measure(table):
    """Returns how many streams a second farebox can bear."""
    upstream = Upstream()
    ours = [nginx(upstream.port), farebox(upstream.port), without_disk(upstream.port)]
    peers = [litellm(upstream.port)] if os.environ.get("PEERS") else []
    contestants = ours + peers
    table.add("resident memory at rest", "MB", {c.name: c.memory() / 1e6 for c in contestants})

    before, cost = database_bytes(), costs(contestants, WHOLE, 1, connections=64)
    table.add("CPU of a whole answer", "µs", {name: cpu for name, (cpu, _) in cost.items()})
    table.add("whole answers, 64 connections", "1/s", {name: rate for name, (_, rate) in cost.items()})
    streamed = costs(contestants, STREAM, CHUNKS, connections=16)
    table.add(f"CPU of a chunk, streams of {CHUNKS}", "µs", {name: cpu for name, (cpu, _) in streamed.items()})
    table.add("chunks, 16 connections", "1/s", {name: rate for name, (_, rate) in streamed.items()})

    added = {}
    for load in LOADS:
        added[load] = measure_ends(table, [upstream, *ours], cost["farebox"][1] * load)
    for peer in peers:
        # At a rate that the peer can bear.
        measure_ends(table, [upstream, *ours, peer], cost[peer.name][1] / 2)
    table.add("resident memory after all of it", "MB", {c.name: c.memory() / 1e6 for c in contestants})
    sync = sync_time()
    table.add("one append and fdatasync", "µs", {"disk": sync})
    table.add("p99 added to a whole answer at half load, in syncs", "x", {n: added[0.5][n] / sync for n in ("farebox", "no disk")})
    for contestant in contestants:
        contestant.stop()
    # Closed, so that the log is in the database.
    table.add("database of an inference", "bytes", {"farebox": (database_bytes() - before) / ours[1].answered})
    upstream.stop()
    return streamed["farebox"][1] / CHUNKS


def measure_ends(table, contestants, rate):
    """Returns the p99 that each adds to what the provider takes when it is asked directly."""
    rate = max(1, int(rate))
    late = delays(contestants, WHOLE, "latency_us", connections=256, rate=rate)
    return tell_delays(table, f"the end of a whole answer, {rate} a second", late)


def tell_delays(table, what, late):
    for index, name in enumerate(["p50", "p99", "p99.9"]):
        table.add(f"time to {what}, {name}", "µs", {n: v[index] for n, v in late.items()})
    direct = late["direct"]
    added = {n: [mine - base for mine, base in zip(v, direct)] for n, v in late.items() if n != "direct"}
    for index, name in enumerate(["p50", "p99", "p99.9"]):
        table.add(f"added to {what}, {name}", "µs", {n: v[index] for n, v in added.items()})
    return {n: v[1] for n, v in added.items()}


def measure_streams(table, rate):
    """Streams at the pace of a provider: a chunk every 10 ms; a few of them, and half of what farebox can bear."""
    upstream = Upstream(chunks=30, interval=10_000)
    contestants = [upstream, nginx(upstream.port), farebox(upstream.port, "streams"), without_disk(upstream.port)]
    for measured, what in [("first_byte_us", "the first byte of a stream"), ("chunk_delay_us", "a chunk")]:
        for streams in (50, int(rate / 2)):
            late = delays(contestants, STREAM, measured, connections=512, rate=streams)
            tell_delays(table, f"{what}, {streams} streams a second", late)
    for contestant in contestants:
        contestant.stop()


def measure_memory(table):
    upstream = Upstream(chunks=1_000_000, interval=5_000_000)
    for count in STREAMS:
        contestants = [nginx(upstream.port), farebox(upstream.port, f"open-{count}")]
        rest = {c.name: c.memory() for c in contestants}
        held = {c.name: (open_streams(c, count) - rest[c.name]) / count / 1e3 for c in contestants}
        table.add(f"memory of an open stream, {count} open", "KB", held)
        for contestant in contestants:
            contestant.stop()
    upstream.stop()


def allow_files(count=65_536):
    """As many open files as 10,000 streams take: two for each in whoever passes them on."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < count:
        # Only root may go beyond; whoever can not is told by the stream that fails.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
            return
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main():
    allow_files()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="farebox-bench-") as folder:
        os.chdir(folder)
        try:
            rate = measure(table)
            measure_streams(table, rate)
            measure_memory(table)
        finally:
            for log in Path(".").glob("*.log"):
                shutil.copy(log, ROOT / ".build-bench")
    (ROOT / ".build-bench/last.json").write_text(json.dumps(table.rows, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
