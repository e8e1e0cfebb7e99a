# pragma version ~=0.4.3
# pragma evm-version prague
"""
Several transfers of one sender in one transaction, and a log that only looks like a token's; for tests.
"""

interface Token:
    def transferFrom(sender: address, receiver: address, amount: uint256) -> bool: nonpayable

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

@external
def pay(token: address, receiver: address, amounts: DynArray[uint256, 8]):
    for amount: uint256 in amounts:
        extcall Token(token).transferFrom(msg.sender, receiver, amount)

@external
def pretend(receiver: address, amount: uint256):
    log Transfer(sender=msg.sender, receiver=receiver, amount=amount)
