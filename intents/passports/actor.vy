# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Plays parts in a rehearsal: its code is put at addresses for one eth_call, and is never deployed
@license MIT
"""

struct Line:
    actor: address
    target: address
    data: Bytes[768]


struct Outcome:
    is_success: bool
    data: Bytes[128]


interface Actor:
    def act(target: address, data: Bytes[768]) -> Outcome: nonpayable


@external
@payable
def __default__():
    """@notice Coins are welcome: a rehearsal may unwrap some."""
    pass


@external
def act(target: address, data: Bytes[768]) -> Outcome:
    """@notice Make this call as this address; what it answered, cut to 128 bytes."""
    return self._call(target, data)


@external
def play(lines: DynArray[Line, 24]) -> DynArray[Outcome, 24]:
    """@notice Each line in turn, spoken by its actor; those whose actor is this address are spoken by it."""
    outcomes: DynArray[Outcome, 24] = []
    for line: Line in lines:
        if line.actor == self:
            outcomes.append(self._call(line.target, line.data))
        else:
            outcomes.append(extcall Actor(line.actor).act(line.target, line.data))
    return outcomes


@internal
def _call(target: address, data: Bytes[768]) -> Outcome:
    is_success: bool = False
    answer: Bytes[128] = b""
    is_success, answer = raw_call(target, data, max_outsize=128, revert_on_failure=False)
    return Outcome(is_success=is_success, data=answer)
