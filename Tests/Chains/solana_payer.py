"""What people pay with on Solana: instructions of every kind that a deposit can have, by the stock libraries."""

import hashlib
import struct

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.token import ID as TOKEN
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.token import instructions as token
from spl.token import models
from spl.token.instructions import get_associated_token_address as account_of

LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
RENT = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
USDC = Pubkey.from_string("4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU")
OTHER = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
CODE = bytes(range(16))


def keypair(name):
    return Keypair.from_seed(hashlib.sha256(name.encode()).digest())


TREASURY, USER, FRIEND, STRANGER = (keypair(name) for name in ("treasury", "user", "friend", "stranger"))
PROGRAM = keypair("program").pubkey()


def discriminator(name):
    return hashlib.sha256(f"global:{name}".encode()).digest()[:8]


def reads(key):
    return AccountMeta(key, False, False)


def writes(key, signs=False):
    return AccountMeta(key, signs, True)


def deposit(amount, code=CODE, program=PROGRAM, to=TREASURY, references=()):
    data = discriminator("deposit") + code + struct.pack("<Q", amount)
    vault = account_of(to.pubkey(), USDC)
    accounts = [AccountMeta(USER.pubkey(), True, False), writes(account_of(USER.pubkey(), USDC)), reads(USDC)]
    return Instruction(program, data, [*accounts, writes(vault), reads(TOKEN), *map(reads, references)])


def deposit_sol(amount, code=CODE):
    data = discriminator("deposit_sol") + code + struct.pack("<Q", amount)
    return Instruction(PROGRAM, data, [writes(USER.pubkey(), True), writes(TREASURY.pubkey()), reads(SYSTEM)])


def key_of(someone):
    return someone if isinstance(someone, Pubkey) else someone.pubkey()


def pay(amount, to=TREASURY, mint=USDC, sender=USER, references=()):
    source, destination = account_of(sender.pubkey(), mint), account_of(key_of(to), mint)
    made = token.transfer_checked(
        models.TransferCheckedParams(
            program_id=TOKEN, source=source, mint=mint, dest=destination, owner=sender.pubkey(), amount=amount, decimals=6
        )
    )
    return Instruction(made.program_id, made.data, [*made.accounts, *map(reads, references)])


def pay_unchecked(amount):
    accounts = [writes(account_of(USER.pubkey(), USDC)), writes(account_of(TREASURY.pubkey(), USDC))]
    return Instruction(TOKEN, b"\3" + struct.pack("<Q", amount), [*accounts, AccountMeta(USER.pubkey(), True, False)])


def pay_sol(amount, to=TREASURY, sender=USER, references=()):
    made = transfer(TransferParams(from_pubkey=sender.pubkey(), to_pubkey=key_of(to), lamports=amount))
    return Instruction(made.program_id, made.data, [*made.accounts, *map(reads, references)])


def memo(text):
    return Instruction(MEMO_PROGRAM_ID, text.encode(), [])


def reference(code=CODE):
    return Pubkey(b"farebox/deposit:" + code)


def mint_account(authority):
    """The data of a mint with six decimals."""
    return struct.pack("<I", 1) + bytes(authority) + struct.pack("<QBB", 0, 6, 1) + bytes(36)


def mint_to(owner, mint, amount, authority):
    account = account_of(owner, mint)
    return token.mint_to(models.MintToParams(program_id=TOKEN, mint=mint, dest=account, mint_authority=authority, amount=amount))


def loading(program, payer, buffer, address, rent):
    """The real loader's way of deploying: for each transaction, its instructions and who signs beside the payer."""
    size = 37 + len(program)
    made = CreateAccountParams(from_pubkey=payer, to_pubkey=buffer.pubkey(), lamports=rent(size), space=size, owner=LOADER)
    start = Instruction(LOADER, struct.pack("<I", 0), [writes(buffer.pubkey()), reads(payer)])
    yield [create_account(made), start], [buffer]
    for place in range(0, len(program), 900):
        part = program[place : place + 900]
        data = struct.pack("<IIQ", 1, place, len(part)) + part
        yield [Instruction(LOADER, data, [writes(buffer.pubkey()), AccountMeta(payer, True, False)])], []
    data_account = Pubkey.find_program_address([bytes(address.pubkey())], LOADER)[0]
    made = CreateAccountParams(from_pubkey=payer, to_pubkey=address.pubkey(), lamports=rent(36), space=36, owner=LOADER)
    written = [writes(data_account), writes(address.pubkey()), writes(buffer.pubkey())]
    accounts = [writes(payer, signs=True), *written, reads(RENT), reads(CLOCK), reads(SYSTEM), AccountMeta(payer, True, False)]
    yield [create_account(made), Instruction(LOADER, struct.pack("<IQ", 2, len(program)), accounts)], [address]
