"""The built program, started as its users start it: in a directory of its own, on port 0."""

import base64
import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from wire import call

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("JOURNEYS_BINARY", ROOT / ".build/debug/farebox"))
PATIENCE = 30  # seconds until a wait becomes a failure


def until(condition, what, patience=PATIENCE):
    """Returns the first truthy value of `condition()`."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} seconds for {what}")
        time.sleep(0.01)


def within_one_day():
    """Waits, if it is nearly midnight, until it is past: budgets of a day, a week or a month begin anew there."""
    left = 86_400 - time.time() % 86_400
    if left < PATIENCE:
        time.sleep(left + 0.1)


def environment(**settings):
    """What a program sees: of ours only the path and which client asks upstreams; no crash reports."""
    names = ("PATH", "HOME", "LD_LIBRARY_PATH", "FAREBOX_UPSTREAM_CLIENT")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return kept | {"SWIFT_BACKTRACE": "enable=no"} | {k: str(v) for k, v in settings.items()}


def run(*arguments, directory=None, **settings):
    """Runs a verb that ends by itself."""
    return subprocess.run(
        [str(BINARY), *map(str, arguments)],
        cwd=directory,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def run_json(*arguments, **settings):
    """Runs a verb with --json that must succeed."""
    done = run(*arguments, "--json", **settings)
    assert done.returncode == 0, (arguments, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


class Program:
    """A program that runs until it is stopped; its output goes to files that are read while it runs."""

    def __init__(self, name, arguments, directory, **settings):
        self.output = directory / f"{name}.out"
        self.errors = directory / f"{name}.err"
        with self.output.open("ab") as out, self.errors.open("ab") as err:
            self.heard = out.tell()
            self.process = subprocess.Popen(
                [str(BINARY), *map(str, arguments)],
                cwd=directory,
                env=environment(**settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    # Whether a test told it to end, so that its end is no surprise.
    was_told = False

    @property
    def is_running(self):
        return self.process.poll() is None

    @property
    def died(self):
        """Whether it ended by itself."""
        return not self.is_running and not self.was_told

    def text(self):
        """What this start of the program printed."""
        with self.output.open("rb") as file:
            file.seek(self.heard)
            return file.read().decode()

    def wait_for_line(self, pattern, patience=PATIENCE):
        def match():
            found = re.search(pattern, self.text(), re.MULTILINE)
            if not found and not self.is_running:
                raise AssertionError(
                    f"exited {self.process.returncode} before printing {pattern!r}:\n"
                    f"{self.text()}\n{self.errors.read_text()[-4000:]}"
                )
            return found

        return until(match, f"the line {pattern!r}", patience)

    def send(self, number):
        self.was_told = True
        self.process.send_signal(number)

    def wait(self, patience=PATIENCE):
        return self.process.wait(patience)

    def stop(self, patience=PATIENCE):
        """Asks it to end, and returns its exit status."""
        if self.is_running:
            self.send(signal.SIGTERM)
        return self.wait(patience)

    def kill(self):
        self.was_told = True
        self.process.kill()
        self.process.wait()


class Simulator(Program):
    """`farebox simulate-upstream`: both providers."""

    def __init__(self, directory):
        super().__init__("simulator", ["simulate-upstream", "--port", "0"], directory)
        self.url = self.wait_for_line(r"^simulated upstream listening on (http://127\.0\.0\.1:\d+)$")[1]

    def received(self):
        return call("GET", f"{self.url}/_simulator/requests").json()

    def last(self):
        """The newest request, once its answer has ended."""
        until(lambda: self.received()["inflight"] == 0, "the simulator to be idle")
        return self.received()["requests"][-1]

    def reset(self):
        call("DELETE", f"{self.url}/_simulator/settings").expect(200)
        call("DELETE", f"{self.url}/_simulator/requests").expect(200)

    def answer(self, directives):
        """Sets what every answer is like from now on."""
        call("PUT", f"{self.url}/_simulator/settings", body=directives.encode()).expect(200)


class Gateway(Program):
    """`farebox serve` on a database in its directory; a setting of None is left out."""

    def __init__(self, world, name="gateway", awaits_listening=True, **settings):
        self.world = world
        self.database = f"sqlite:{world.directory / 'farebox.db'}"
        self.admin_key = world.secret("admin-key", "admin-" + secrets.token_hex(16))
        self.settings = {
            "FAREBOX_LISTEN": "127.0.0.1:0",
            "FAREBOX_DATABASE": self.database,
            "FAREBOX_ADMIN_KEY": self.admin_key,
            "FAREBOX_REGISTER_LIMIT": 10_000,
            "FAREBOX_SIGN_IN_LIMIT": 10_000,
            "OPENAI_API_KEY": world.secret("openai-key", "sk-" + secrets.token_hex(16)),
            "OPENAI_BASE_URL": f"{world.upstream}/v1",
            "ANTHROPIC_API_KEY": world.secret("anthropic-key", "sk-ant-" + secrets.token_hex(16)),
            "ANTHROPIC_BASE_URL": world.upstream,
        } | settings
        self.settings = {name: value for name, value in self.settings.items() if value is not None}
        super().__init__(name, ["serve"], world.directory, **self.settings)
        if awaits_listening:
            self.wait_until_listening()

    def wait_until_listening(self):
        self.url = self.wait_for_line(r"^farebox listening on (http://127\.0\.0\.1:\d+)$")[1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def admin(self, method, path, **content):
        headers = {"x-admin-key": self.admin_key}
        return call(method, f"{self.url}{path}", headers=headers, json=content or None)

    def customer(self, dollars=None):
        """Registers a customer and, where dollars are named, grants them."""
        answer = call("POST", f"{self.url}/v1/register").expect(200).json()
        self.world.secret("key", answer["api_token"])
        customer = Customer(self, answer["customer"], answer["api_token"])
        if dollars is not None:
            customer.grant(dollars)
        return customer

    def open_holds(self):
        return self.admin("GET", "/v1/admin/holds").expect(200).json()["open"]

    def wait_until_no_holds(self, patience=PATIENCE):
        until(lambda: self.open_holds() == 0, "all holds to be resolved", patience)

    def is_healthy(self):
        return call("GET", f"{self.url}/health").status == 200


@dataclass
class Customer:
    gateway: Gateway
    id: str
    key: str

    @property
    def proxy(self):
        """The base URL with the key in its path."""
        return f"{self.gateway.url}/proxy/{self.key}"

    @property
    def bearer(self):
        return {"authorization": f"Bearer {self.key}"}

    def grant(self, dollars, id=None, asset="usd"):
        return self.gateway.admin(
            "POST",
            "/v1/admin/grants",
            customer=self.id,
            amount=dollars,
            asset=asset,
            reason="a journey",
            id=id or secrets.token_hex(8),
        ).expect(200).json()

    def balance(self):
        return call("GET", f"{self.proxy}/balance").expect(200).json()["usdc_balance"]

    def charges(self):
        """What was charged, newest first, in micro-USD."""
        answer = call("GET", f"{self.proxy}/transactions?limit=100").expect(200).json()
        assert answer["total"] <= 100
        return [-row["usdc_amount"] for row in answer["transactions"] if row["type"] == "DEBIT"]

    def receipt(self, id):
        return call("GET", f"{self.gateway.url}/v1/receipts/{id}", headers=self.bearer)

    def settled(self, id, patience=PATIENCE):
        """The receipt, once there is one."""
        until(lambda: self.receipt(id).status == 200, f"receipt {id}", patience)
        return self.receipt(id).json()

    def new_key(self, *options):
        """Another key of this customer, with settings of its own."""
        made = run_json(
            "keys", "create", "--database", self.gateway.database, "--customer", self.id, *options,
            FAREBOX_ADMIN_KEY=self.gateway.admin_key,
        )
        key = next(value for value in made.values() if is_key(value))
        self.gateway.world.secret("key", key)
        return Customer(self.gateway, self.id, key)


def is_key(value):
    return isinstance(value, str) and re.fullmatch(r"fbx-[0-9a-f]{12}-[0-9a-f]{64}", value)


def forms(secret):
    """A secret as it is, and as it would be written elsewhere; Base64 wherever in a text it begins."""
    content = secret.encode()
    yield "as it is", content
    yield "in hex", content.hex().encode()
    yield "in percents", "".join(f"%{byte:02X}" for byte in content).encode()
    if quote(secret, safe="") != secret:
        yield "in a URL", quote(secret, safe="").encode()
    for shift in range(3):
        # The letters at both ends depend on what stands beside the secret.
        whole = base64.b64encode(b"\0" * shift + content)
        yield "in Base64", whole[4 if shift else 0 : (shift + len(content)) // 3 * 4]


class World:
    """A directory, a simulated upstream, gateways on one database, and the secrets that nobody may see."""

    def __init__(self, directory):
        self.directory = directory
        self.secrets = set()
        self.programs = contextlib.ExitStack()
        self.lock = threading.Lock()
        self._simulator = None
        self._upstream = None
        self.gateways = []

    @property
    def simulator(self):
        if not self._simulator:
            self._simulator = Simulator(self.directory)
            self.programs.callback(self._simulator.kill)
        return self._simulator

    @property
    def upstream(self):
        return self._upstream or self.simulator.url

    def use_upstream(self, url):
        """Gateways from now on speak to this instead of the simulator."""
        self._upstream = url

    def secret(self, _name, value):
        with self.lock:
            self.secrets.add(value.rsplit("-", 1)[-1] if is_key(value) else value)
        return value

    def start(self, **settings):
        gateway = Gateway(self, **settings)
        self.programs.callback(gateway.kill)
        self.gateways.append(gateway)
        return gateway

    def audit(self):
        """Everything adds up, and no hold is open."""
        done = run("audit", "--database", f"sqlite:{self.directory / 'farebox.db'}")
        assert done.returncode == 0, done.stdout + done.stderr
        found = re.search(r"audit clean: \d+ transfers, \d+ holds \((\d+) open\), \d+ receipts", done.stdout)
        assert found, done.stdout
        assert found[1] == "0", done.stdout
        return done.stdout

    def check_secrets(self):
        """No key and no credential is in a log or in the database (L5-27, otherwise)."""
        for file in sorted(self.directory.iterdir()):
            if file.is_file():
                content = file.read_bytes()
                for secret in self.secrets:
                    for form, text in forms(secret):
                        assert text not in content, f"{secret[:12]}… is in {file.name}, {form}"

    def close(self):
        """Stops what runs. A gateway that was not killed must end well, with its books in order."""
        with self.programs:
            for gateway in self.gateways:
                assert not gateway.died, (
                    f"the gateway died with {gateway.process.returncode}:\n"
                    f"{gateway.errors.read_text()[-4000:]}"
                )
            running = [gateway for gateway in self.gateways if gateway.is_running]
            for gateway in running:
                assert gateway.stop() == 0, gateway.errors.read_text()[-4000:]
                assert "audit clean" in gateway.text(), gateway.text()
            if running:
                self.audit()
            self.check_secrets()
