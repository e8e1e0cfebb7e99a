"""What `make dev` starts, and whether the README, the examples and the printed lines work when pasted."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from programs import BINARY, ROOT, Program, environment, is_key, run, until
from wire import call

README = (ROOT / "README.md").read_text()
HOST = "127.0.0.1:4020"


class Session(Program):
    def __init__(self, directory):
        super().__init__("dev", ["dev", "--port", "0", "--directory", directory / "var"], directory)
        # The last of what it prints at its start.
        self.wait_for_line(r"^Ctrl-C stops it")
        self.key = self.wait_for_line(r"\b(fbx-[0-9a-f]{12}-[0-9a-f]{64})\b")[1]
        self.url = self.wait_for_line(r"(http://127\.0\.0\.1:\d+)/v1")[1]
        self.database = f"sqlite:{directory / 'var' / 'farebox.db'}"

    @property
    def host(self):
        return self.url.removeprefix("http://")

    def here(self, text):
        """A text of the README, about this session instead of the one on port 4020."""
        text = text.replace(HOST, self.host).replace("sqlite:var/farebox.db", self.database)
        return text.replace(".build/debug/farebox", str(BINARY))

    def shell(self, script):
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env=environment(FAREBOX_KEY=self.key, FAREBOX_URL=self.url),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def balance(self):
        return call("GET", f"{self.url}/proxy/{self.key}/balance").expect(200).json()["usdc_balance"]


@pytest.fixture
def session(tmp_path):
    session = Session(tmp_path)
    yield session
    session.kill()
    log = session.errors.read_text()
    assert session.key.rsplit("-", 1)[1] not in log


def commands(text):
    """The curl commands in a text, with their continuation lines."""
    joined = re.sub(r"\\\n\s*", "", text)
    return [line.strip() for line in joined.splitlines() if line.strip().startswith("curl ")]


def test_a_dev_session_from_its_first_line_to_ctrl_c(session, tmp_path):
    assert is_key(session.key)
    assert session.balance() > 0
    assert re.search(r"http://127\.0\.0\.1:\d+/v1\b", session.text())
    lines = commands(session.text())
    assert len(lines) >= 2
    before = session.balance()
    for line in lines:
        done = session.shell(re.sub(r"^curl", "curl --fail-with-body --max-time 60", line))
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        assert done.stdout
    assert session.balance() < before

    session.send(signal.SIGINT)
    assert session.wait() == 0
    assert re.search(r"audit clean: \d+ transfers, \d+ holds \(0 open\), \d+ receipts", session.text())
    assert run("audit", "--database", session.database).returncode == 0


def test_a_second_session_keeps_its_books(tmp_path):
    for _ in range(2):
        session = Session(tmp_path)
        assert session.balance() > 0
        session.send(signal.SIGINT)
        assert session.wait() == 0


def python_blocks():
    return re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_readmes_commands_work_as_written(session):
    shown = commands(README)
    assert len(shown) >= 3
    answer = session.shell(session.here(shown[0]))
    assert answer.returncode == 0, answer.stderr
    receipt = re.search(r"(?mi)^x-farebox-receipt: (\S+)", answer.stdout)[1]
    assert re.search(r"(?mi)^x-balance-remaining: \d+", answer.stdout)
    for line in shown:
        line = session.here(line.split("  #")[0]).replace("{id}", receipt)
        done = session.shell(line.replace("curl ", "curl --fail-with-body --max-time 60 ", 1))
        assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_the_readmes_programs_work_as_written(session):
    blocks = python_blocks()
    assert len(blocks) == 2, "one for each SDK"
    for block in blocks:
        done = subprocess.run(
            [sys.executable, "-c", session.here(block)],
            env=environment(FAREBOX_KEY=session.key),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


def test_the_readmes_audit_works_as_written(session):
    line = re.search(r"^\s+(\S*farebox audit .*)$", README, re.MULTILINE)[1]
    done = session.shell(session.here(line))
    assert done.returncode == 0, done.stderr
    assert "audit clean" in done.stdout


def test_every_target_that_the_readme_names_is_in_the_menu():
    """L5-46, in our own words."""
    menu = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in set(re.findall(r"^ {4}make (\S+)", README, re.MULTILINE)):
        assert re.search(rf"^\s+make {target} ", menu, re.MULTILINE), target


@pytest.mark.parametrize(("system", "rows"), [("PM", 37), ("L5", 49)])
def test_every_row_of_what_we_replace_is_named_by_a_test_or_explained(system, rows):
    page = (ROOT / "docs/compatibility.md").read_text()
    files = [file for end in ("py", "swift") for file in (ROOT / "Tests").rglob(f"*.{end}")]
    named = set(re.findall(rf"\b{system}-(\d+)\b", page + "".join(file.read_text() for file in files)))
    assert [row for row in range(1, rows + 1) if str(row) not in named] == []


def test_every_page_that_the_readme_links_to_is_there():
    for page in re.findall(r"\]\(([^)#:]+)", README):
        assert (ROOT / page).exists(), page


# examples/


def requests_in(file):
    """The requests of a .http file: (name, method, url, headers, body)."""
    text = "\n".join(line for line in file.read_text().splitlines() if not line.startswith(("# ", "@")))
    for part in re.split(r"^###", text, flags=re.MULTILINE)[1:]:
        name, _, request = part.strip("\n").partition("\n")
        head, _, body = request.strip().partition("\n\n")
        first, *fields = head.splitlines()
        method, url = first.split(" ", 1)
        yield name.strip(), method, url, dict(field.split(": ", 1) for field in fields), body.strip()


@pytest.fixture(scope="module")
def examples_session(tmp_path_factory):
    directory = tmp_path_factory.mktemp("examples")
    session = Session(directory)
    yield session
    session.kill()


EXAMPLES = [
    pytest.param(file, *request[1:], id=f"{file.stem}: {request[0]}")
    for file in sorted((ROOT / "examples").glob("*.http"))
    for request in requests_in(file)
]


@pytest.mark.parametrize("file, method, url, headers, body", EXAMPLES)
def test_an_example_is_answered(examples_session, file, method, url, headers, body):
    def fill(text):
        return text.replace("{{url}}", examples_session.url).replace("{{key}}", examples_session.key)

    headers = {name: fill(value) for name, value in headers.items()}
    answer = call(method, fill(url), headers=headers, body=fill(body).encode() or None)
    assert answer.status == 200, (file.name, answer.body[:500])


@pytest.mark.parametrize("line", commands((ROOT / "examples/requests.sh").read_text()))
def test_a_curl_example_is_answered(examples_session, line):
    done = examples_session.shell(line.replace("curl ", "curl --fail-with-body --max-time 60 ", 1))
    assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_the_curl_examples_run_as_one_script(examples_session):
    done = examples_session.shell("examples/requests.sh")
    assert done.returncode == 0, done.stdout + done.stderr


def test_port_4020_is_the_default():
    assert HOST in run("dev", "--help").stdout or "4020" in run("dev", "--help").stdout




def test_with_chains_the_printed_commands_pay_and_are_credited(tmp_path):
    output = tmp_path / "out"
    command = [sys.executable, ROOT / "Tests/Chains/dev.py", BINARY, "--port", "0"]
    with output.open("wb") as out:
        started = subprocess.Popen(command, env=environment(TMPDIR=tmp_path), stdout=out, stderr=out, start_new_session=True)
    try:
        shows = r"^  (curl \S+/proxy/\S+/balance)$"
        # The gateway itself prints it, too, before the payments.
        until(lambda: len(re.findall(shows, output.read_text(), re.MULTILINE)) == 2, "the commands to be printed")
        told = output.read_text()
        payments = re.findall(r"^  (\S+ \S+pay\.py .+)$", told, re.MULTILINE)
        assert len(payments) == 3
        for payment in payments:
            subprocess.run(["bash", "-c", payment], check=True, capture_output=True, timeout=60)
        balance = re.findall(shows, told, re.MULTILINE)[0]

        def answer():
            answered = subprocess.run(["bash", "-c", balance], check=True, capture_output=True, timeout=60).stdout
            return json.loads(answered)

        until(lambda: answer()["usdc_balance"] == 15_000_000, "five dollars of each to be credited")
        until(lambda: answer()["balances"]["sol"]["available"] == 50_000_000, "the SOL to be credited")
    finally:
        os.killpg(started.pid, signal.SIGINT)
        assert started.wait(60) == 0, output.read_text()[-2000:]
    assert "audit clean" in output.read_text()
    assert list(tmp_path.glob("farebox-chains-*")) == []
