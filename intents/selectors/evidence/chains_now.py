"""A look at the chains themselves, when a staff member asks for it: what they say now, within a few seconds.

A node that does not answer in time leaves "unknown", never an old answer.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext as _

from intents.chains.client import ChainClient, client
from intents.chains.endpoints import RpcDisagreement, RpcError, RpcUnavailable
from intents.chains.reverts import Reverted
from intents.errors import WaymeetError
from intents.models import Deposit, Order, SendingAccount
from intents.selectors.network import chain_name
from intents.selectors.steps import amount_words
from intents.settlement import calls
from intents.settlement.order import OrderFieldError, order_from_json

from .eyes import Eyes

WAIT_SECONDS: Final = 4.0
MOST_AT_ONCE: Final = 8

Read = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """One question and what the chain said; `is_known` is False when it said nothing."""

    question: str
    chain: str
    text: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Look:
    """All answers; `seconds` is how long it took."""

    answers: tuple[Answer, ...]
    seconds: float


def look(order: Order, eyes: Eyes, *, seconds: float = WAIT_SECONDS) -> Look:
    """Ask both chains about the order, everything at once."""
    began = time.monotonic()
    asked = list(_questions(order, eyes))
    pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="look")
    futures = [pool.submit(read) for _question, _chain_id, read in asked]
    wait(futures, timeout=seconds)
    # Whoever still waits for a node is not waited for.
    pool.shutdown(wait=False, cancel_futures=True)
    answers = (
        _answer(question, chain_id, future)
        for (question, chain_id, _read), future in zip(asked, futures, strict=True)
    )
    return Look(tuple(answers), time.monotonic() - began)


def _answer(question: str, chain_id: int, future: "Future[str]") -> Answer:
    if not future.done() or future.cancelled() or future.exception() is not None:
        return Answer(question, chain_name(chain_id), _("unknown: the nodes did not answer"), False)
    return Answer(question, chain_name(chain_id), future.result(), True)


def _questions(order: Order, eyes: Eyes) -> Iterator[tuple[str, int, Read]]:
    for chain_id in dict.fromkeys((order.origin_id, order.destination_id)):
        reader = _client(chain_id)
        if reader is not None:
            yield _("Newest block"), chain_id, _guarded(partial(_height, reader))
    origin, destination = _client(order.origin_id), _client(order.destination_id)
    if origin is not None:
        yield from _origin_questions(order, origin, eyes)
    if destination is not None:
        yield from _destination_questions(order, destination, eyes)


def _origin_questions(order: Order, origin: ChainClient, eyes: Eyes) -> Iterator[tuple[str, int, Read]]:
    chain_id, token = order.origin_id, order.input_token
    status = calls.order_status(bytes.fromhex(order.order_id[2:]), origin=origin.manifest)
    yield (
        _("The escrow's state of this order"),
        chain_id,
        _guarded(lambda: _status_words(origin.call(status.target, status.data))),
    )
    yield (
        _("The user's wallet holds"),
        chain_id,
        _guarded(lambda: _said(order.origin_id, token, origin.token_balance(token, order.user), eyes)),
    )
    place = Deposit.objects.filter(pk=order.pk).values_list("address", flat=True).first()
    if place is not None:
        yield (
            _("The order's own address holds"),
            chain_id,
            _guarded(lambda: _said(chain_id, token, origin.token_balance(token, place), eyes)),
        )


def _destination_questions(
    order: Order, destination: ChainClient, eyes: Eyes
) -> Iterator[tuple[str, int, Read]]:
    chain_id, token = order.destination_id, order.output_token
    try:
        terms = order_from_json(order.terms)
    except OrderFieldError:
        terms = None
    if terms is not None:
        record = calls.fill_record(
            terms, order_id=bytes.fromhex(order.order_id[2:]), destination=destination.manifest
        )
        yield (
            _("Payment of the output"),
            chain_id,
            _guarded(lambda: _record_words(destination.call(record.target, record.data))),
        )
    yield (
        _("The recipient holds"),
        chain_id,
        _guarded(lambda: _said(chain_id, token, destination.token_balance(token, order.recipient), eyes)),
    )
    account = destination.manifest.contracts.get("solver_account")
    if account is not None:
        yield (
            _("Our stock of the output"),
            chain_id,
            _guarded(lambda: _said(chain_id, token, destination.token_balance(token, account.address), eyes)),
        )
    coin = destination.manifest.native_token.address
    for row in SendingAccount.objects.filter(chain_id=chain_id):
        yield (
            _("Coins for gas of our account %(role)s") % {"role": row.role},
            chain_id,
            _guarded(partial(_coins, destination, coin, row.address, eyes)),
        )


def _guarded(read: Callable[[], str]) -> Read:
    """Refusals of a contract are an answer; everything else that fails is none."""

    def guarded() -> str:
        try:
            return read()
        except Reverted as reverted:
            return _("the contract refuses: %(name)s") % {"name": reverted.name}
        except (RpcError, RpcUnavailable, RpcDisagreement) as error:
            raise TimeoutError(str(error)) from error

    return guarded


def _height(reader: ChainClient) -> str:
    return str(reader.head().number)


def _coins(reader: ChainClient, coin: str, address: str, eyes: Eyes) -> str:
    return _said(reader.chain_id, coin, reader.balance(address), eyes)


def _client(chain_id: int) -> ChainClient | None:
    try:
        return client(chain_id)
    except WaymeetError:
        return None


def _said(chain_id: int, token: str, units: int, eyes: Eyes) -> str:
    return eyes.text(amount_words(chain_id, token, units))


def _status_words(answer: bytes) -> str:
    known: dict[int, Any] = {
        0: _("nothing was ever locked, or the order is not known there"),
        1: _("locked"),
        2: _("paid to the filler"),
        3: _("given back"),
    }
    number = int.from_bytes(answer[:32], "big")
    return str(known.get(number, number))


def _record_words(answer: bytes) -> str:
    return _("paid: there is a record of it") if any(answer) else _("not paid: there is no record")
