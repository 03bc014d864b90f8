"""Names in place of addresses: looked up for people, who see the address before they confirm it."""

from intents.chains.names import Named, directory, look_up, name_of, warm_up
from intents.errors import WaymeetError

from .intent import is_name

__all__ = ["Named", "address_behind", "look_up", "name_called", "takes_names", "warm_up"]


def takes_names() -> bool:
    """Whether names are looked up here at all."""
    return directory() is not None


def address_behind(text: str) -> str:
    """The address that a name leads to now; whatever is no name as it is. Raises as `look_up`, naming the field."""
    if not is_name(text):
        return text
    try:
        return look_up(text).address
    except WaymeetError as error:
        error.params["field"] = "recipient"
        raise


def name_called(address: str) -> str:
    """The name by which an address calls itself, "" for none or where nobody could be asked."""
    try:
        return name_of(address)
    except (WaymeetError, OSError):
        return ""
