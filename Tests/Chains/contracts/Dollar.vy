# pragma version ~=0.4.3
# pragma evm-version prague
"""
A dollar of six decimals: ERC-20, with the memo of TIP-20 and the authorization of EIP-3009, for tests.

It is put into a genesis block at a real token's address; its storage is set there too.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint256

# TIP-20: comes beside a Transfer of the same money.
event TransferWithMemo:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256
    memo: indexed(bytes32)

decimals: public(constant(uint8)) = 6
# The slots of these are known to evm_chain.py.
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert self.balanceOf[sender] >= amount, "ERC20: transfer amount exceeds balance"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, amount=amount)

@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._move(msg.sender, receiver, amount)
    return True

@external
def transferWithMemo(receiver: address, amount: uint256, memo: bytes32):
    self._move(msg.sender, receiver, amount)
    log TransferWithMemo(sender=msg.sender, receiver=receiver, amount=amount, memo=memo)

@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, amount=amount)
    return True

@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, receiver, amount)
    return True
