"""Whether an inference costs the same however many customers, keys and past inferences there are.

    make flat                                   up to 1,000,000 customers and as many past inferences
    make flat CUSTOMERS=10,100000 PAST=10000000 other sizes, each against the smallest
    make flat ROUNDS=9

The books are made through the store itself, many inferences to a transaction, and kept in .build-bench/flat for the
next run. Then they take turns, in one run: holds and settlements by the gateway's stages, look-ups of keys, and requests
over HTTP, of customers that are drawn at random from all of them. Medians of the rounds; ratios to the smallest books.
"""

import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import run

FLAT = run.ROOT / ".build-microbench/release/Flat"
FOLDER = run.ROOT / ".build-bench/flat"
CUSTOMERS = [int(word) for word in (os.environ.get("CUSTOMERS") or "10,100000,1000000").split(",")]
PAST = [int(word) for word in (os.environ.get("PAST") or "0,100000,1000000").split(",")]
WHOLE = json.dumps({"model": "sample", "messages": run.MESSAGES, "max_tokens": 64}, separators=(",", ":"))


def sizes():
    """The smallest books; more customers; more past inferences, of few customers and of many."""
    few, many, none, most = CUSTOMERS[0], CUSTOMERS[-1], PAST[0], PAST[-1]
    chosen = [(count, none) for count in CUSTOMERS] + [(few, past) for past in PAST[1:]] + [(many, most)]
    return list(dict.fromkeys(chosen))


class Books:
    """A database of so many customers, with a key each, and so many past inferences."""

    def __init__(self, customers, past):
        self.customers, self.past = customers, past
        self.name = f"{customers:,} customers, {past:,} past"
        self.path = FOLDER / f"{customers}-{past}.db"
        self.made = FOLDER / f"{customers}-{past}.made"

    def make(self):
        """Makes the books where they are not there; those of a run that was cut are made anew."""
        if self.made.exists():
            return
        self.remove()
        smaller = Books(self.customers, PAST[0])
        if smaller.made.exists():
            for path in FOLDER.glob(f"{smaller.path.name}*"):
                shutil.copy(path, FOLDER / path.name.replace(smaller.path.name, self.path.name))
        command = [FLAT, "make", self.path, f"customers={self.customers}", f"past={self.past}"]
        print(f"making {self.name} …", end=" ", flush=True)
        took = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
        print(f"{took} {self.path.stat().st_size / 1e6:.0f} MB", flush=True)
        self.made.write_text(took)

    def remove(self):
        for path in FOLDER.glob(f"{self.customers}-{self.past}.*"):
            path.unlink()

    def keys(self, count=20_000):
        """A file with the secrets of customers that are drawn at random."""
        file = FOLDER / f"{self.customers}-{self.past}.keys"
        command = [FLAT, "secrets", self.path, f"count={count}"]
        file.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        return file


def table(rows, what, unit, values, books):
    """Tells what each of the books cost, and as a ratio to the smallest."""
    base = values[books[0].name]
    print(f"\n{what} ({unit})")
    for name, value in values.items():
        print(f"  {name:42} {value:12.1f} {value / base:8.2f} x", flush=True)
    rows.append({"what": what, "unit": unit, "values": values})


def measure_store(books, rows):
    paths = [str(each.path) for each in books]
    for at_once, pairs in [(64, 5000), (1, 1000)]:
        command = [FLAT, "measure", *paths, f"rounds={run.ROUNDS}", f"pairs={pairs}", f"atonce={at_once}"]
        turns = [json.loads(line) for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()]

        def median(figure):
            seen = {each.name: [t[figure] for t in turns if t["path"] == str(each.path)] for each in books}
            return {name: statistics.median(values) / 1000 for name, values in seen.items()}

        table(rows, f"CPU of a hold and its settlement, {at_once} at once", "µs", median("pair_cpu_ns"), books)
        table(rows, f"time of a hold and its settlement, {at_once} at once", "µs", median("pair_ns"), books)
    table(rows, "CPU of a key's look-up in the store", "µs", median("key_cpu_ns"), books)


def serve(books, upstream):
    """A gateway on the books, and what its start took."""
    start = time.monotonic()
    contestant = run.gateway(upstream, f"sqlite:{books.path}")
    contestant.started = (time.monotonic() - start) * 1000
    contestant.name = books.name
    return contestant


def measure_requests(books, rows):
    upstream = run.Upstream()
    keys = {each.name: each.keys() for each in books}
    gateways = [serve(each, upstream.port) for each in books]
    time.sleep(3)
    table(rows, "start, to the first connection", "ms", {g.name: g.started for g in gateways}, books)
    table(rows, "resident memory at rest", "MB", {g.name: g.memory() / 1e6 for g in gateways}, books)
    figures = {gateway.name: [] for gateway in gateways}
    for round in range(run.ROUNDS + 1):
        for gateway in gateways:
            before = gateway.cpu()
            seen = run.load(gateway, WHOLE, connections=64, seconds=gateway.seconds, keys=keys[gateway.name])
            # The first round fills the caches.
            if round:
                figures[gateway.name].append((gateway.cpu() - before) * 1e6 / seen["served"])
    table(rows, "CPU of a whole answer over HTTP", "µs", {n: statistics.median(v) for n, v in figures.items()}, books)
    table(rows, "resident memory after it", "MB", {g.name: g.memory() / 1e6 for g in gateways}, books)
    stops = {}
    for gateway in gateways:
        start = time.monotonic()
        gateway.stop(600)
        stops[gateway.name] = (time.monotonic() - start) * 1000
    table(rows, "stop, with the audit of everything", "ms", stops, books)
    upstream.stop()


def main():
    run.allow_files()
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.chdir(FOLDER)
    books, rows = [Books(*size) for size in sizes()], []
    for each in books:
        each.make()
    measure_store(books, rows)
    measure_requests(books, rows)
    (run.ROOT / ".build-bench/flat.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
