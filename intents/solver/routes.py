"""What is asked of the solver and what it answers: routes, or the reasons why there is none."""

from dataclasses import dataclass, field
from typing import Any

from intents.solver.pricing import FeeLine


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked: `amount` is of the input token, or of the output token when `is_exact_output`."""

    origin_id: int
    destination_id: int
    input_token: str
    output_token: str
    amount: int
    is_exact_output: bool = False


@dataclass(frozen=True, slots=True)
class Swap:
    """Stock to be sold on the destination: `path[0]` through `venues`, of which at most `max_input` is spent.

    `amounts[i]` is what is predicted to be there of `path[i]`. An exact input sells `amounts[0]` whole, an
    exact output buys `amounts[-1]` whole. Half of a split has the other half `beside` it.
    """

    venues: tuple[int, ...]
    path: tuple[str, ...]
    amounts: tuple[int, ...]
    max_input: int
    is_exact_output: bool
    beside: "Swap | None" = None

    @property
    def pools(self) -> int:
        """How many pools are traded with."""
        return len(self.venues) + (self.beside.pools if self.beside else 0)

    @property
    def spent(self) -> int:
        """The most of `path[0]` that all of it may take."""
        return self.max_input + (self.beside.spent if self.beside else 0)


@dataclass(frozen=True, slots=True)
class Carriage:
    """Stock to be brought to the destination before the fill: `amount` of `token` of `chain_id` over `route`."""

    route: str
    chain_id: int
    token: str
    amount: int


@dataclass(frozen=True, slots=True)
class Route:
    """A priced way. The user gives `input_amount`, is shown `output_expected` and signs `output_minimum`.

    `stock_token` is what the fill spends on the destination, brought there by the `carriage` if there is one.
    """

    kind: str
    input_amount: int
    output_expected: int
    output_minimum: int
    eta_seconds: int
    value_usd_e8: int
    depth: int
    fees: tuple[FeeLine, ...]
    minimum_input: int
    stock_token: str
    stock_amount: int
    swap: Swap | None = None
    carriage: Carriage | None = None

    @property
    def output_usd_e8(self) -> int:
        """What is received, in USD × 10^8: the input's value less the fee lines."""
        return self.value_usd_e8 - sum(-line.usd_e8 if line.is_gain else line.usd_e8 for line in self.fees)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no route, or not this one: a stable code with JSON parameters."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A route that was looked at and is not offered."""

    kind: str
    path: tuple[str, ...]
    reason: Refusal


@dataclass(frozen=True, slots=True)
class Routes:
    """The answer: the best route with the others in order, or the reason why there is none."""

    chosen: Route | None
    alternatives: tuple[Route, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    refusal: Refusal | None = None
