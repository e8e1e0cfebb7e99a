"""Every route with every wrong credential: the same refusal, and nothing is written."""

import base64
import hashlib
import json
import re
from urllib.parse import quote

import pytest

from dialects import ANTHROPIC, OPENAI
from programs import ROOT
from wire import call, parse, raw, raw_request

ROUTES = [
    line.split() for line in (ROOT / "Tests/Journeys/routes.txt").read_text().splitlines() if not line.startswith("#")
]
# What a wallet's signature opens is tried in test_wallets.py.
GUARDED = [route for route in ROUTES if route[2] not in ("open", "wallet")]
REQUEST_ID = re.compile(rb"req_[0-9a-f]+")


class Secrets:
    """A valid key, and everything that resembles it."""

    def __init__(self, gateway):
        self.gateway = gateway
        manager = gateway.customer("5.00")
        self.valid = manager.key
        self.spoilt = {}
        for name, change in [
            ("revoked", None), ("disabled", {"disabled": True}), ("expired", {"expires_at": "2020-01-01T00:00:00Z"}),
        ]:
            made = call("POST", f"{gateway.url}/v1/keys", headers=manager.bearer, json={"name": name}).expect(201).json()
            gateway.world.secret("key", made["key"])
            url = f"{gateway.url}/v1/keys/{made['data']['hash']}"
            if change:
                call("PATCH", url, headers=manager.bearer, json=change).expect(200)
            else:
                call("DELETE", url, headers=manager.bearer).expect(200)
            self.spoilt[name] = made["key"]

    def wrong(self):
        """Values that are no credential, by what is wrong with them."""
        key = self.valid
        public, secret = key.rsplit("-", 1)
        other = "0" if secret[-1] != "0" else "1"
        return self.spoilt | {
            "null": "null", "undefined": "undefined", "true": "true", "zero": "0", "array": "[]", "object": "{}",
            "a scheme": "Bearer", "dashes": "--", "a prefix": "fbx-", "no prefix": key[4:], "half": key[: len(key) // 2],
            "one short": key[:-1], "one more": key + "0", "one changed": key[:-1] + other,
            "upper case": key.upper(), "one upper": public + "-" + secret.upper(), "public half": public,
            "secret half": secret, "halves swapped": f"fbx-{secret}-{public[4:]}", "zeros": public + "-" + "0" * 64,
            "another's half": "fbx-000000000000-" + secret, "digest": hashlib.sha256(key.encode()).hexdigest(),
            "base64": base64.b64encode(key.encode()).decode(), "twice": key + key, "with a comma": f"{key},{key}",
            "quoted": f'"{key}"', "in braces": f"{{{key}}}", "operator": self.gateway.admin_key,
            "openai's": "sk-proj-" + "a" * 40, "anthropic's": "sk-ant-api03-" + "a" * 40, "percent": "%", "percents": "%%%",
            "encoded": "".join(f"%{byte:02x}" for byte in key.encode()), "underscore": "_" * 81, "sql": "' OR '1'='1",
            "sql comment": f"{key}'--", "sql union": "x' UNION SELECT digest FROM keys--", "glob": "fbx-*",
            "a path": "../../etc/passwd", "long": "a" * 8192, "long key": public + "-" + "0" * 8000,
            "a template": "{{7*7}}", "a format": "%s%n%x", "a url": "http://169.254.169.254/",
        }


@pytest.fixture(scope="module")
def secrets(shared_world):
    return Secrets(shared_world.shared_gateway)


def body_of(path):
    if path.endswith(("/messages", "/count_tokens")):
        return ANTHROPIC.body()
    if path.endswith("/chat/completions"):
        return OPENAI.body()
    return {"name": "x", "customer": "cus_x", "inference": "inf_x", "id": "x", "amount": "1", "reason": "x"}


def ask(gateway, method, path, headers):
    """One request, as raw bytes: no client mends what is sent."""
    target = path.replace("**", "gpt-4o").replace("{id}", "fbx-000000000000")
    target = target.replace("{chain}/{transaction}/{event}", f"base/0x{'0' * 64}/0")
    body = b"" if method in ("GET", "DELETE") else json.dumps(body_of(path)).encode()
    fields = [("content-type", "application/json"), ("anthropic-version", "2023-06-01")]
    fields = fields if path.endswith(("/messages", "/count_tokens")) else fields[:1]
    return parse(raw(gateway.port, raw_request(method, target, fields + headers, body)))


def written(gateway):
    stats = gateway.admin("GET", "/v1/admin/stats").expect(200).json()
    return {name: stats[name] for name in ("customers", "keys", "open_holds", "assets")}


def refusals(gateway, method, path, credential, values):
    """The answer to each wrong value, in each place that takes one."""
    for name, value in values.items():
        if credential == "path":
            yield name, ask(gateway, method, path.replace("{token}", quote(value, safe="")), [])
            continue
        places = {
            "operator": [[("x-admin-key", value)]],
        }.get(credential, [[("authorization", f"Bearer {value}")], [("x-api-key", value)]])
        for headers in places:
            yield name, ask(gateway, method, path, headers)


@pytest.mark.parametrize("method, path, credential", GUARDED, ids=lambda value: value)
def test_every_wrong_credential_gets_one_and_the_same_refusal(shared, secrets, method, path, credential):
    before = written(shared)
    values = secrets.wrong()
    assert len(values) >= 40
    if credential == "operator":
        # A customer's key is no operator's.
        values = values | {"a customer's": secrets.valid}
        del values["operator"]
    told = {}
    for name, answer in refusals(shared, method, path, credential, values):
        if credential == "path" and answer.status in (400, 404):
            # The path is not one that we serve at all.
            assert secrets.valid.encode() not in answer.body
            continue
        assert answer.status == 401, (name, answer.status, answer.body)
        assert "x-balance-remaining" not in answer.headers
        told.setdefault(REQUEST_ID.sub(b"req", answer.body), []).append(name)
    assert len(told) == 1, told
    assert written(shared) == before


@pytest.mark.parametrize("method, path, credential", GUARDED, ids=lambda value: value)
def test_a_credential_in_the_wrong_place_is_none(shared, secrets, method, path, credential):
    before = written(shared)
    right = shared.admin_key if credential == "operator" else secrets.valid
    open_path = path.replace("{token}", "x")
    bare = [
        [], [("authorization", "")], [("authorization", "Bearer ")], [("authorization", right)],
        [("authorization", f"Basic {base64.b64encode(right.encode()).decode()}")], [("authorization", f"Token {right}")],
        [("cookie", f"api_key={right}; token={right}")], [("x-auth-token", right)], [("api-key", right)],
        [("proxy-authorization", f"Bearer {right}")],
    ]
    if credential == "operator":
        bare += [[("authorization", f"Bearer {right}")], [("x-api-key", right)]]
    else:
        bare += [[("x-admin-key", right)]]
    for headers in bare:
        answer = ask(shared, method, open_path, headers)
        shown = {name for name, _ in headers} & {"authorization", "x-api-key"}
        if credential == "either" and not shown:
            assert answer.status == 200 and right.encode() not in answer.body
            continue
        assert answer.status == 401, (headers[0][:1] if headers else None, answer.status, answer.body)
    for query in (f"?api_key={right}", f"?key={right}&token={right}", f"?access_token={right}#{right}"):
        answer = ask(shared, method, open_path + query, [])
        assert answer.status in ((200, 400) if credential == "either" else (400, 401)), (answer.status, answer.body)
    assert written(shared) == before


def test_the_open_routes_want_no_credential(shared):
    for method, path, credential in ROUTES:
        if credential in ("open", "either") and method == "GET":
            assert ask(shared, method, path, []).status == 200, path


def test_a_customers_things_are_not_there_for_another(shared):
    owner, other = shared.customer("5.00"), shared.customer("5.00")
    answer = call(**OPENAI.request(owner)).expect(200)
    receipt = answer.headers["x-farebox-receipt"]
    assert owner.receipt(receipt).status == 200
    mine, theirs = other.receipt("inf_nobody"), other.receipt(receipt)
    assert (theirs.status, REQUEST_ID.sub(b"", theirs.body)) == (mine.status, REQUEST_ID.sub(b"", mine.body))
    assert theirs.status == 404
    hash = owner.key.rsplit("-", 1)[0]
    for method in ("GET", "DELETE"):
        assert call(method, f"{shared.url}/v1/keys/{hash}", headers=other.bearer).status == 404
    assert call("POST", f"{shared.url}/v1/keys/{hash}/rotate", headers=other.bearer).status == 404
    assert call("PATCH", f"{shared.url}/v1/keys/{hash}", headers=other.bearer, json={"name": "x"}).status == 404
    listed = call("GET", f"{shared.url}/v1/keys", headers=other.bearer).expect(200).json()["data"]
    assert [key["customer"] for key in listed] == [other.id]
