"""The operator's verbs, on a stopped and on a running gateway."""

import json
import os
import re
import sqlite3
import subprocess

import pytest
import yaml

from dialects import ANTHROPIC, OPENAI
from programs import BINARY, PATIENCE, ROOT, Program, environment, is_key, run, run_json, until
from wire import call

DEFAULT_CARD = ROOT / "Sources/CLI/Resources/level5-1.6.yaml"


def on(gateway):
    """Options and environment that reach the gateway's database."""
    return ["--database", gateway.database], {"FAREBOX_ADMIN_KEY": gateway.admin_key}


@pytest.fixture
def customer(gateway):
    return gateway.customer()


def grant(gateway, *options, id="grant-1", amount="5.00"):
    database, environment = on(gateway)
    words = ["--amount", amount, "--asset", "usd", "--reason", "hello", "--id", id]
    return run("grant", *database, *words, *options, **environment)


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_a_grant_credits_once(world, customer, running):
    gateway = customer.gateway
    if not running:
        assert gateway.stop() == 0
    for _ in range(2):
        done = grant(gateway, "--customer", customer.id, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["balance"]
    if not running:
        customer.gateway = world.start(name="again")
    assert customer.balance() == 5_000_000
    rows = call("GET", f"{customer.proxy}/transactions").json()
    assert [(row["type"], row["usdc_amount"]) for row in rows["transactions"]] == [("GRANT", 5_000_000)]


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_a_grant_by_key_finds_its_customer(world, customer, running):
    gateway = customer.gateway
    if not running:
        assert gateway.stop() == 0
    assert grant(gateway, "--token", customer.key).returncode == 0
    if not running:
        customer.gateway = world.start(name="again")
    assert customer.balance() == 5_000_000


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_the_same_id_with_another_amount_is_refused(world, customer, running):
    gateway = customer.gateway
    if not running:
        assert gateway.stop() == 0
    assert grant(gateway, "--customer", customer.id).returncode == 0
    again = grant(gateway, "--customer", customer.id, amount="6.00")
    assert again.returncode != 0
    assert "other content" in again.stderr
    if not running:
        customer.gateway = world.start(name="again")
    assert customer.balance() == 5_000_000


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_a_dry_run_writes_nothing(world, customer, running):
    gateway = customer.gateway
    if not running:
        assert gateway.stop() == 0
    done = grant(gateway, "--customer", customer.id, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "5.000000" in done.stdout or "5000000" in done.stdout
    if not running:
        customer.gateway = world.start(name="again")
    assert customer.balance() == 0
    assert call("GET", f"{customer.proxy}/transactions").json()["total"] == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--amount", "5.0000001"], ["--amount", "-5"], ["--amount", "0"], ["--amount", "five"],
        ["--asset", "eur"], ["--customer", "nobody"],
    ],
    ids=" ".join,
)
def test_a_wrong_grant_is_one_clear_line(customer, words):
    database, environment = on(customer.gateway)
    right = {"--customer": customer.id, "--amount": "5.00", "--asset": "usd", "--reason": "x", "--id": "g"}
    options = [word for pair in (right | {words[0]: words[1]}).items() for word in pair]
    done = run("grant", *database, *options, **environment)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert "Fatal error" not in done.stderr
    assert customer.balance() == 0


def spend(customer):
    """The status that this key gets."""
    return call(**OPENAI.request(customer)).status


def test_a_key_lives_from_its_creation_to_its_revocation(customer):
    gateway = customer.gateway
    database, environment = on(gateway)
    customer.grant("1.00")
    second = customer.new_key("--name", "laptop")
    assert spend(customer) == spend(second) == 200

    listed = run("keys", "list", *database, "--customer", customer.id, "--json", **environment)
    assert listed.returncode == 0
    public = second.key.rsplit("-", 1)[0]
    assert public in listed.stdout
    assert "laptop" in listed.stdout
    assert second.key.rsplit("-", 1)[1] not in listed.stdout

    assert run("keys", "revoke", *database, public, **environment).returncode == 0
    assert spend(second) == 401
    assert spend(customer) == 200
    assert run("keys", "revoke", *database, public, **environment).returncode == 0, "revoking again changes nothing"


def test_a_rotated_key_keeps_its_id_and_what_it_spent(customer):
    gateway = customer.gateway
    database, environment = on(gateway)
    customer.grant("1.00")
    assert spend(customer) == 200
    public = customer.key.rsplit("-", 1)[0]
    rotated = run_json("keys", "rotate", *database, public, **environment)
    successor = rotated["key"]
    gateway.world.secret("key", successor)
    assert rotated["data"]["hash"] == public == successor.rsplit("-", 1)[0]
    assert rotated["data"]["usage"] > 0
    assert spend(customer) == 401
    customer.key = successor
    assert spend(customer) == 200
    assert run("keys", "revoke", *database, public, **environment).returncode == 0
    assert run("keys", "rotate", *database, public, **environment).returncode != 0


def test_keys_are_made_and_revoked_while_nothing_runs(world, customer):
    gateway = customer.gateway
    database, environment = on(gateway)
    customer.grant("1.00")
    assert gateway.stop() == 0
    second = customer.new_key()
    assert run("keys", "revoke", *database, customer.key.rsplit("-", 1)[0], **environment).returncode == 0
    customer.gateway = second.gateway = world.start(name="again")
    assert spend(customer) == 401
    assert spend(second) == 200


def test_a_key_that_is_not_there_is_said_to_be_missing(gateway):
    database, environment = on(gateway)
    for verb in ("revoke", "rotate"):
        done = run("keys", verb, *database, "fbx-000000000000", **environment)
        assert done.returncode == 66
        assert "no key" in done.stderr


# Rates


def test_the_cards_in_the_tree_pass_the_check():
    cards = sorted(DEFAULT_CARD.parent.glob("*.yaml"))
    assert len(cards) >= 4
    for card in cards:
        done = run("rates", "check", card)
        assert done.returncode == 0, (card.name, done.stderr)


@pytest.mark.parametrize("scale", [lambda price: price // 1000, lambda price: price * 1000], ids=["a thousandth", "a thousandfold"])
@pytest.mark.parametrize("card", sorted(DEFAULT_CARD.parent.glob("*.yaml")), ids=lambda card: card.stem)
def test_a_card_whose_prices_are_not_per_million_is_refused_model_by_model(tmp_path, card, scale):
    content = yaml.safe_load(card.read_text())
    for rate in content["rates"]:
        for prices in (rate["cost"], rate.get("price") or {}):
            for kind in {"input", "output"} & prices.keys():
                prices[kind] = scale(prices[kind])
    file = tmp_path / "card.yaml"
    file.write_text(yaml.safe_dump(content))
    checked = run("rates", "check", file)
    assert checked.returncode == 65, checked.stderr
    for rate in content["rates"]:
        assert re.search(rf"{re.escape(rate['model'])}: cost\.(in|out)put: \d+ is not within", checked.stderr), rate


def spoil_zero(card):
    card["rates"][0]["cost"]["input"] = 0


def spoil_negative(card):
    card["rates"][0]["cost"]["output"] = -1


def spoil_missing(card):
    del card["rates"][0]["cost"]["output"]


def spoil_absurd(card):
    card["rates"][0]["cost"]["input"] = 10**15


def spoil_below_cost(card):
    card["rates"][0]["price"] = {"input": 1}


def spoil_twice(card):
    card["rates"].append(card["rates"][0])


def spoil_unknown(card):
    card["rates"][0]["prize"] = 1


def spoil_fraction(card):
    card["rates"][0]["cost"]["input"] = 1.5


def spoil_limits(card):
    del card["rates"][0]["limits"]


def spoil_empty(card):
    card["rates"] = []


SPOILS = [value for name, value in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_a_card_with_a_bad_price_is_refused(tmp_path, gateway, spoil):
    card = yaml.safe_load(DEFAULT_CARD.read_text())
    card["version"] = "spoilt"
    spoil(card)
    file = tmp_path / "card.yaml"
    file.write_text(yaml.safe_dump(card))
    checked = run("rates", "check", file)
    assert checked.returncode != 0
    assert checked.stderr.strip()
    database, environment = on(gateway)
    assert run("rates", "publish", file, *database, **environment).returncode != 0
    assert call("GET", f"{gateway.url}/v1/pricing").json()["rate_card"] == "level5-1.6"


def test_a_published_card_changes_the_price_at_once_and_old_receipts_never(tmp_path, customer):
    gateway = customer.gateway
    database, environment = on(gateway)
    customer.grant("5.00")
    old = call(**OPENAI.request(customer, "input_tokens=100; output_tokens=10")).expect(200)
    card = yaml.safe_load(DEFAULT_CARD.read_text())
    card["version"] = "dearer"
    rate = next(rate for rate in card["rates"] if rate["model"] == "openai/gpt-4o")
    rate["cost"] = {name: price * 2 for name, price in rate["cost"].items()}
    file = tmp_path / "card.yaml"
    file.write_text(yaml.safe_dump(card))
    done = run("rates", "publish", file, *database, **environment)
    assert done.returncode == 0, done.stderr
    assert run_json("rates", "show", *database, **environment)["version"] == "dearer"

    new = call(**OPENAI.request(customer, "input_tokens=100; output_tokens=10")).expect(200)
    before = customer.settled(old.headers["x-farebox-receipt"])
    after = customer.settled(new.headers["x-farebox-receipt"])
    assert after["charge"] == 2 * before["charge"]
    assert (before["rate_card"], after["rate_card"]) == ("level5-1.6", "dearer")
    gateway.world.audit()

    rate["cost"]["input"] += 1
    file.write_text(yaml.safe_dump(card))
    again = run("rates", "publish", file, *database, **environment)
    assert again.returncode != 0
    assert "other content" in again.stderr


def test_the_card_in_force_is_shown(gateway):
    database, environment = on(gateway)
    shown = run("rates", "show", *database, **environment)
    assert shown.returncode == 0
    assert "level5-1.6" in shown.stdout
    assert "anthropic/claude-sonnet-4-6" in shown.stdout


def test_the_published_prices_are_the_documents(gateway):
    """Level5 1.6, row by row: input, output, cache read in micro-USD per million."""
    table = {
        "anthropic/claude-sonnet-4-6": (3_300_000, 16_500_000, 330_000),
        "anthropic/claude-opus-4-6": (5_500_000, 27_500_000, 550_000),
        "anthropic/claude-haiku-4-5-20251001": (1_100_000, 5_500_000, 110_000),
        "openai/gpt-5.2": (1_750_000, 14_000_000, 175_000),
        "openai/gpt-5.3-codex": (1_750_000, 14_000_000, 175_000),
        "openai/gpt-4o": (2_500_000, 10_000_000, 1_250_000),
        "openai/o3": (2_000_000, 8_000_000, 500_000),
        "openrouter/qwen3-max": (1_320_000, 6_600_000, 264_000),
        "openrouter/qwen3-coder-plus": (1_100_000, 5_500_000, 220_000),
        "openrouter/glm-5": (1_100_000, 3_520_000, 220_000),
        "openrouter/grok-4-1-fast": (220_000, 550_000, 55_000),
        "openrouter/gemini-3.1-pro-preview": (2_200_000, 13_200_000, 550_000),
    }
    answer = call("GET", f"{gateway.url}/v1/pricing").expect(200).json()
    published = {
        name: (row["input_per_1m"], row["output_per_1m"], row["cache_read_per_1m"])
        for name, row in answer["pricing"].items()
    }
    assert published == table
    assert answer["pricing"]["anthropic/claude-sonnet-4-6"]["cache_write_per_1m"] == 4_125_000
    assert answer["pricing"]["anthropic/claude-opus-4-6"]["cache_write_per_1m"] == 6_875_000


# Audit


@pytest.fixture
def books(world, customer):
    """The database of a stopped gateway that sold something."""
    customer.grant("5.00")
    for dialect in (OPENAI, ANTHROPIC, OPENAI):
        call(**dialect.request(customer)).expect(200)
    assert customer.gateway.stop() == 0
    world.audit()
    database = sqlite3.connect(world.directory / "farebox.db")
    yield database
    database.close()


TAMPERED = {
    "an amount": "UPDATE transfers SET amount = amount + 1 WHERE code = 'grant'",
    "a charge": "UPDATE transfers SET amount = amount - 1 WHERE code = 'cost' AND amount > 1 AND sequence = (SELECT min(sequence) FROM transfers WHERE code = 'cost')",
    "a note": "UPDATE transfers SET note = 'something else' WHERE code = 'grant'",
    "a receiver": "UPDATE transfers SET credit = (SELECT min(id) FROM accounts WHERE kind = 'provider') WHERE code = 'margin'",
    "a balance": "UPDATE accounts SET credits = credits + 1 WHERE kind = 'customer'",
    "a hold's end": "UPDATE holds SET state = 'open', charge = NULL, resolved_at = NULL",
    "a missing transfer": "DELETE FROM transfers WHERE code = 'grant'",
    "a hold's charge": "UPDATE holds SET charge = charge - 1 WHERE state = 'captured'",
    "a receipt's charge": "UPDATE receipts SET charge = charge - 1",
    "a receipt's usage": "UPDATE receipts SET usage = replace(usage, 'output:', 'output:1')",
    "a missing receipt": "DELETE FROM receipts",
}


def test_the_audit_does_not_call_the_books_of_another_build_corrupt(world, books):
    books.execute("ALTER TABLE receipts DROP COLUMN overrun")
    books.commit()
    path = world.directory / "farebox.db"
    done = run("audit", "--database", f"sqlite:{path}")
    assert done.returncode not in (0, 1), done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert str(path) in said and "move the file away" in said, said
    assert "corrupt" not in said


@pytest.mark.parametrize("sql", TAMPERED.values(), ids=TAMPERED)
def test_the_audit_names_the_first_difference(world, books, sql):
    books.execute("PRAGMA foreign_keys = OFF")
    for [trigger] in books.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        books.execute(f"DROP TRIGGER {trigger}")
    assert books.execute(sql).rowcount > 0
    books.commit()
    done = run("audit", "--database", f"sqlite:{world.directory / 'farebox.db'}")
    assert done.returncode == 1, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "audit clean" not in said
    assert re.search(r"chain|customer/|hold|receipt|rev|usd", said), said
    as_json = run("audit", "--database", f"sqlite:{world.directory / 'farebox.db'}", "--json")
    assert as_json.returncode == 1
    json.loads(as_json.stdout)
    # Let the world close: nothing runs on this database any more.


def test_the_audit_of_a_running_gateway_is_clean(customer):
    customer.grant("5.00")
    call(**OPENAI.request(customer)).expect(200)
    database, _ = on(customer.gateway)
    said = run("audit", *database)
    assert (said.returncode, said.stderr) == (0, "")
    assert re.search(r"audit clean: \d+ transfers, 1 holds \(0 open\), 1 receipts", said.stdout), said.stdout
    assert run_json("audit", *database)


def test_an_audit_that_follows_goes_on_until_a_difference(world, customer):
    customer.grant("5.00")
    database, _ = on(customer.gateway)
    audit = Program("audit", ["audit", *database, "--follow", "--every", "0.1"], world.directory)
    world.programs.callback(audit.kill)
    audit.wait_for_line(r"^audit clean: 1 transfers, 0 holds")
    call(**OPENAI.request(customer)).expect(200)
    audit.wait_for_line(r"^audit clean: [23] transfers, [12] of them new")
    customer.gateway.stop()
    books = sqlite3.connect(world.directory / "farebox.db")
    books.execute("UPDATE accounts SET credits = credits + 1 WHERE kind = 'customer'")
    books.commit()
    # Nothing new, so nothing to look at: the next transfer brings it to light.
    assert run("audit", *database).returncode == 1
    books.execute("UPDATE accounts SET credits = credits - 1 WHERE kind = 'customer'")
    books.execute("UPDATE accounts SET debits = debits + 1 WHERE kind = 'provider'")
    books.commit()
    books.close()
    assert audit.wait() == 1
    assert "debits are" in audit.text(), audit.text()


def metric(gateway, name):
    for line in call("GET", f"{gateway.url}/metrics").expect(200).body.decode().splitlines():
        if line.startswith(f"{name} "):
            return int(line.split()[1])
    return None


def test_the_imbalance_of_the_books_is_a_metric_and_zero(customer):
    customer.grant("5.00")
    call(**OPENAI.request(customer)).expect(200)
    until(lambda: metric(customer.gateway, "farebox_ledger_imbalance") == 0, "the gauge")


@pytest.mark.parametrize(
    "words",
    [
        "deposits list", f"deposits show base/0x{'00' * 32}/0", "withdrawals list", "withdrawals show nobody/one", "keys list",
        "keys create --customer nobody", "customers show nobody", "grant --customer nobody --amount 1 --reason x --id one", "refund one --reason x",
    ],
)  # fmt: skip
def test_a_database_that_is_not_there_is_said_to_be_missing_and_is_not_made(tmp_path, words):
    done = run(*words.split(), directory=tmp_path)
    assert (done.returncode, done.stdout) == (66, ""), done.stderr
    assert "There is no database at" in done.stderr and not list(tmp_path.iterdir())


def test_a_reader_who_leaves_ends_a_command_without_a_crash(customer, world):
    command = [BINARY, "keys", "list", "--database", f"sqlite:{world.directory / 'farebox.db'}"]
    settings = environment(FAREBOX_ADMIN_KEY=customer.gateway.admin_key)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, env=settings, stdout=writing, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (74, b"")


def test_an_audit_of_nothing_says_so(tmp_path):
    done = run("audit", "--database", f"sqlite:{tmp_path / 'nobody.db'}")
    assert done.returncode not in (0, 1)
    assert "no database" in done.stderr
    assert not (tmp_path / "nobody.db").exists()


@pytest.mark.parametrize("verb", ["serve", "dev", "simulate-upstream", "audit", "grant", "refund", "keys", "customers", "rates", "deposits", "withdrawals"])
def test_every_verb_explains_itself(verb):
    assert verb in run("--help").stdout
    done = run(verb, "--help")
    assert done.returncode == 0
    assert "USAGE" in done.stdout


def test_an_unknown_verb_is_a_usage_error():
    assert run("fly").returncode == 64


HASH = "0x" + "ab" * 32


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
@pytest.mark.parametrize(
    "words, like",
    [
        ("deposits show nonsense", "<chain>/<transaction>/<event>"),
        (f"deposits show base/{HASH}", "<chain>/<transaction>/<event>"),
        ("deposits show solana-devnet/abc/0", "<chain>/<transaction>/<event>"),
        (f"deposits assign base/{HASH}/first --customer one", "<chain>/<transaction>/<event>"),
        (f"deposits reject base/{HASH}/-1 --reason x", "<chain>/<transaction>/<event>"),
        ("deposits list --after nonsense", "<chain>/<transaction>/<event>"),
        ("withdrawals show ab", "<customer>/<id>"),
        ("withdrawals approve zzz", "<customer>/<id>"),
        ("withdrawals reject one/two/three --reason x", "<customer>/<id>"),
        ("withdrawals fail one/ --reason x", "<customer>/<id>"),
        ("withdrawals list --after first", "<customer>/<id>"),
    ],
)
def test_an_id_of_another_form_is_a_usage_error_that_shows_the_form(shared, tmp_path, running, words, like):
    database, environment = on(shared) if running else (["--database", f"sqlite:{tmp_path / 'none.db'}"], {})
    done = run(*words.split(), *database, **environment)
    assert (done.returncode, done.stdout) == (64, "")
    assert f"is named {like}" in done.stderr and "route" not in done.stderr


@pytest.mark.parametrize("words", [f"deposits show base/{HASH}/0", "withdrawals show nobody/first"])
def test_an_id_of_the_right_form_that_nothing_has_is_not_found(shared, words):
    database, environment = on(shared)
    done = run(*words.split(), *database, **environment)
    assert done.returncode == 66 and "There is no" in done.stderr and "route" not in done.stderr


def test_a_list_says_which_states_it_lists_where_none_is_named():
    for verb, states in [("deposits", "suspended"), ("withdrawals", "requested, failed, given_up")]:
        assert f"(default: {states})" in " ".join(run(verb, "list", "--help").stdout.split())


def test_help_says_that_each_start_of_dev_funds_a_new_customer():
    assert "each start registers one more, grants it 5 USD" in " ".join(run("dev", "--help").stdout.split())
