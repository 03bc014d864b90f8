# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A price feed with the AggregatorV3 interface whose answers one account posts
@license MIT
"""

event AnswerUpdated:
    current: indexed(int256)
    roundId: indexed(uint256)
    updatedAt: uint256

struct Round:
    answer: int256
    updated_at: uint256

decimals: public(immutable(uint8))
poster: public(immutable(address))
description: public(String[32])
version: public(constant(uint256)) = 4

rounds: HashMap[uint80, Round]
latest: uint80


@deploy
def __init__(description: String[32], decimals_: uint8, poster_: address):
    self.description = description
    decimals = decimals_
    poster = poster_


@external
def post(answer: int256):
    """
    @notice Start a new round with this answer, in USD times ten to the power of `decimals`.
    """
    assert msg.sender == poster, "post: not the poster"
    assert answer > 0, "post: not positive"
    round_id: uint80 = self.latest + 1
    self.latest = round_id
    self.rounds[round_id] = Round(answer=answer, updated_at=block.timestamp)
    log AnswerUpdated(current=answer, roundId=convert(round_id, uint256), updatedAt=block.timestamp)


@external
@view
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    return self._round(self.latest)


@external
@view
def getRoundData(round_id: uint80) -> (uint80, int256, uint256, uint256, uint80):
    return self._round(round_id)


@external
@view
def latestAnswer() -> int256:
    return self.rounds[self.latest].answer


@internal
@view
def _round(round_id: uint80) -> (uint80, int256, uint256, uint256, uint80):
    found: Round = self.rounds[round_id]
    assert found.updated_at != 0, "No data present"
    return round_id, found.answer, found.updated_at, found.updated_at, round_id
