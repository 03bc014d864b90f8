"""Why an act of staff is not done: one class per situation."""

from intents.errors import WaymeetError
from intents.settlement.acceptance import Refusal


class ActRefused(WaymeetError):
    """The root of all refusals of what staff ask for; nothing was changed."""

    code = "act_refused"


class NotPermitted(ActRefused):
    """The role does not hold the permission that it takes."""

    code = "not_permitted"
    status = 403


class ReasonMissing(ActRefused):
    """Every act says why."""

    code = "reason_missing"


class TypedWrong(ActRefused):
    """What was typed to confirm is not `expected`."""

    code = "typed_wrong"


class FormStale(ActRefused):
    """The form came without its key, by which it is done once however often it is sent."""

    code = "form_stale"


class SamePerson(ActRefused):
    """Who asked does not decide."""

    code = "same_person"
    status = 403


class AlreadyDecided(ActRefused):
    """Somebody decided this request before."""

    code = "already_decided"
    status = 409


class AskerGone(ActRefused):
    """Who asked was dismissed since, or may not ask any more: one person's wish is not two people's."""

    code = "asker_gone"
    status = 409


class AlreadyNamed(ActRefused):
    """The request's transaction was named by somebody else."""

    code = "already_named"
    status = 409


class NotOffered(ActRefused):
    """The act does not fit the state of things; `code` says why not."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code, **refusal.params)
        self.code = refusal.code  # type: ignore[misc]


class Unknown(ActRefused):
    """There is no such thing."""

    code = "staff_unknown"
    status = 404
