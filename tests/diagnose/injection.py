"""One thing that goes wrong, and which causes a diagnosis may name for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from intents.models import Order

from .system import Dice, System

# In stock or by one swap, from every kind of origin.
ROUTES: Final = (
    ("alder:USDC", "birch:USDC"),
    ("birch:USDC", "alder:USDC"),
    ("alder:USDC", "birch:WETH"),
    ("birch:USDC", "alder:WETH"),
    ("alder:WETH", "birch:USDC"),
)


@dataclass(frozen=True, slots=True)
class Injection:
    """`inject` breaks something and gives the order that it hits; `after` seconds later it has shown.

    `proxied` says that the chains of the order are reached through endpoints that can fall ill.
    """

    cause: str
    inject: Callable[[System, Dice], Order]
    after: float = 3.0
    is_proxied: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person of a case wants; slugs and symbols of both ends."""

    give: str
    get: str
    amount: str

    @property
    def origin(self) -> str:
        return self.give.partition(":")[0]

    @property
    def destination(self) -> str:
        return self.get.partition(":")[0]

    @property
    def symbol(self) -> str:
        return self.give.partition(":")[2]

    def as_asked(self) -> dict[str, str]:
        """As a quote is asked for."""
        return {"give": self.give, "get": self.get, "amount": self.amount}


def wish(dice: Dice, *, give: str = "", get: str = "") -> Wish:
    """Any transfer that the local network serves; `give` and `get` narrow it, such as `get=":USDC"`."""
    fitting = [each for each in ROUTES if give in each[0] and get in each[1]]
    chosen = dice.choice(fitting)
    amount = f"{dice.uniform(0.02, 0.1):.3f}" if chosen[0].endswith("WETH") else str(dice.randint(60, 300))
    return Wish(*chosen, amount)
