"""Prints what is compiled into the deposit program:   config.py TREASURY"""

import hashlib
import sys

DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def key(text):
    number = 0
    for digit in text:
        number = number * 58 + DIGITS.index(digit)
    data = number.to_bytes(32, "big")
    if len(text) - len(text.lstrip("1")) != len(data) - len(data.lstrip(b"\0")):
        raise SystemExit(f"{text} is no key")
    return data


def discriminator(name):
    return hashlib.sha256(name.encode()).digest()[:8]


def define(name, data):
    print(f"#define {name} {{{', '.join(map(str, data))}}}")


define("TREASURY", key(sys.argv[1]))
define("TOKEN_PROGRAM", key("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"))
define("NATIVE_MINT", key("So11111111111111111111111111111111111111112"))
define("DISCRIMINATOR_DEPOSIT", discriminator("global:deposit"))
define("DISCRIMINATOR_DEPOSIT_SOL", discriminator("global:deposit_sol"))
define("DISCRIMINATOR_EVENT", discriminator("event:DepositEvent"))
