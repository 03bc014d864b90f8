"""Why a chain does not join now. Each says what was found; its words say what to do about it."""

from intents.errors import WaymeetError


class JoinError(WaymeetError):
    """A step that cannot go on. Nothing that was done is undone: the same command carries on from there."""

    code = "join_failed"
    status = 409


class NobodyToJoin(JoinError):
    """No chain is connected yet: there is nothing to be introduced to."""

    code = "join_nobody"


class HeldByAnother(JoinError):
    """Another run is at this chain right now."""

    code = "join_held"
    retry = True


class NotAsDescribed(JoinError):
    """The chain contradicts its manifest; `problems` are lines of key and finding."""

    code = "join_not_as_described"

    def __init__(self, chain: str, problems: list[str]) -> None:
        super().__init__("; ".join(problems), chain=chain, problems="; ".join(problems))
        self.problems = problems


class ContractMissing(JoinError):
    """A contract that the chain must have of its own has no code."""

    code = "join_contract_missing"


class AddressesDiffer(JoinError):
    """A contract of ours would have another address than on the connected chains."""

    code = "join_addresses_differ"


class NotOurs(JoinError):
    """The manifest names a contract as one of ours that nobody can tell to be that."""

    code = "join_not_ours"


class NotKnown(JoinError):
    """The manifest names a mailbox, or its tree, that is not the known one of the chain."""

    code = "join_not_known"


class TakenByAnother(JoinError):
    """Somebody else made a contract at our address theirs."""

    code = "join_taken"


class SetUpByAnother(JoinError):
    """A contract at our address is ours by name, but was not set up as we would have."""

    code = "join_set_up"


class DeedRefused(JoinError):
    """A transaction of ours reverted."""

    code = "join_refused"


class OperatorPoor(JoinError):
    """The operator's account cannot pay for the gas."""

    code = "join_poor"


class NothingChanges(JoinError):
    """What was done did not have its effect on the chain."""

    code = "join_nothing_changes"


class NotFollowed(JoinError):
    """The chain is connected, but nobody follows it."""

    code = "join_not_followed"
    retry = True


class NoPrices(JoinError):
    """Nobody reads prices now: neither limits nor a starting inventory could be worth anything."""

    code = "join_no_prices"
    retry = True


class GasAboveGrant(JoinError):
    """Gas for those who send there would be worth more than what a chain starts with may be."""

    code = "join_gas_dear"


class KeyMissing(JoinError):
    """This process has no owner's key; another worker, or a shell, may."""

    code = "join_no_key"
    retry = True
