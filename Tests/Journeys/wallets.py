"""Wallets that prove themselves, by the stock clients eth_account and solders."""

import base64
import hashlib
import secrets
from datetime import UTC, datetime

from eth_account.messages import encode_defunct

from programs import Customer, is_key
from wire import call


def challenge(gateway, address, **more):
    return call("POST", f"{gateway.url}/v1/challenge", json={"address": address} | more).expect(200).json()


def session(gateway, message, signature, key=None):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return call("POST", f"{gateway.url}/v1/session", headers=headers, json={"message": message, "signature": signature})


def signed(account, message):
    return "0x" + bytes(account.sign_message(encode_defunct(text=message)).signature).hex()


def opened(gateway, account, key=None):
    """A session for an account of eth_account's or a key of solders', by the message that the gateway writes."""
    is_solana = hasattr(account, "pubkey")
    message = challenge(gateway, str(account.pubkey()) if is_solana else account.address)["message"]
    signature = str(account.sign_message(message.encode())) if is_solana else signed(account, message)
    answer = session(gateway, message, signature, key).expect(200).json()
    assert is_key(answer["api_key"])
    gateway.world.secret("key", answer["api_key"])
    return answer, Customer(gateway, answer["customer"], answer["api_key"])


def content_digest(body):
    """As RFC 9530 writes it."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


class Signer:
    """Signs requests as docs/deposits.md tells."""

    def __init__(self, gateway, wallet):
        self.gateway, self.wallet = gateway, wallet
        self.address = wallet.address if hasattr(wallet, "address") else str(wallet.pubkey())

    def announced(self, method, target, body, **changes):
        """With the body's digest in the head, so that the head alone proves the wallet."""
        return self.headers(method, target, body, **changes) | {"content-digest": content_digest(body)}

    def headers(self, method, target, body=b"", **changes):
        time = changes.get("time", datetime.now(UTC).isoformat())
        nonce = changes.get("nonce", secrets.token_hex(8))
        host = f"127.0.0.1:{self.gateway.port}"
        text = "\n".join(["Farebox request", host, f"{method} {target}", hashlib.sha256(body).hexdigest(), time, nonce])
        is_evm = hasattr(self.wallet, "address")
        signature = signed(self.wallet, text) if is_evm else str(self.wallet.sign_message(text.encode()))
        return {"x-payer": self.address, "x-payer-signature": signature, "x-payer-time": time, "x-payer-nonce": nonce}

    def call(self, method, target, body=b""):
        headers = self.headers(method, target, body) | {"content-type": "application/json"}
        return call(method, f"{self.gateway.url}{target}", headers=headers, body=body or None)
