# pragma version 0.4.3
# @license MIT
"""
@title Who may do what with a solver account, and where it may send its stock
"""

event OperatorSet:
    operator: indexed(address)
    allowed: bool

event SettlerSet:
    settler: indexed(address)
    allowed: bool

event VenueSet:
    venue: indexed(address)
    allowed: bool

event OwnerProposed:
    owner: indexed(address)

event OwnerChanged:
    owner: indexed(address)

MAX_LIST: constant(uint256) = 16

owner: public(address)
proposedOwner: public(address)
isOperator: public(HashMap[address, bool])
isSettler: public(HashMap[address, bool])
isVenue: public(HashMap[address, bool])


@deploy
def __init__(owner: address, operators: DynArray[address, MAX_LIST], settlers: DynArray[address, MAX_LIST]):
    if owner == empty(address):
        raw_revert(method_id("NoDestination()"))
    self.owner = owner
    log OwnerChanged(owner=owner)
    for operator: address in operators:
        self.isOperator[operator] = True
        log OperatorSet(operator=operator, allowed=True)
    for settler: address in settlers:
        self.isSettler[settler] = True
        log SettlerSet(settler=settler, allowed=True)


@external
def setOperator(operator: address, allowed: bool):
    """@notice Let an account act, or stop it."""
    self.check_owner()
    self.isOperator[operator] = allowed
    log OperatorSet(operator=operator, allowed=allowed)


@external
def setSettler(settler: address, allowed: bool):
    """@notice Allow fills through, and finalising at, a settler."""
    self.check_owner()
    if self.isVenue[settler]:
        raw_revert(method_id("SettlerNotAllowed()"))
    self.isSettler[settler] = allowed
    log SettlerSet(settler=settler, allowed=allowed)


@external
def setVenues(venues: DynArray[address, MAX_LIST], allowed: bool):
    """
    @notice Allow swaps on routers or bridges, or stop them.
    @dev Refuses tokens, which would let an operator move stock that no cap counts: a venue answers no `balanceOf`.
    """
    self.check_owner()
    for venue: address in venues:
        if allowed and (venue == self or self.isSettler[venue] or not venue.is_contract or self._is_token(venue)):
            raw_revert(method_id("VenueNotAllowed()"))
        self.isVenue[venue] = allowed
        log VenueSet(venue=venue, allowed=allowed)


@external
def proposeOwner(owner: address):
    """@notice First half of a change of owner."""
    self.check_owner()
    self.proposedOwner = owner
    log OwnerProposed(owner=owner)


@external
def acceptOwner():
    """@notice Second half of a change of owner, by the proposed one."""
    if msg.sender != self.proposedOwner or msg.sender == empty(address):
        raw_revert(method_id("NotOwner()"))
    self.owner = msg.sender
    self.proposedOwner = empty(address)
    log OwnerChanged(owner=msg.sender)


@internal
@view
def check_owner():
    if msg.sender != self.owner:
        raw_revert(method_id("NotOwner()"))


@internal
@view
def check_operator():
    if not self.isOperator[msg.sender]:
        raw_revert(method_id("NotOperator()"))


@internal
@view
def check_settler(settler: address):
    if not self.isSettler[settler]:
        raw_revert(method_id("SettlerNotAllowed()"))


@internal
@view
def _is_token(target: address) -> bool:
    answered: bool = False
    response: Bytes[32] = b""
    answered, response = raw_call(
        target,
        abi_encode(self, method_id=method_id("balanceOf(address)")),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    return answered and len(response) == 32
