"""What a wallet holds, one balance per asset over all chains, as pages and programs read it."""

from dataclasses import dataclass
from typing import Any

from intents.errors import WaymeetError
from intents.services.assets import asset_named
from intents.services.balances import AssetBalance, balances_of

from .amounts import shown_amount
from .network import chain_name, token_name


@dataclass(frozen=True, slots=True)
class HeldOn:
    """What is held on one chain; `amount` is "" where the chain did not answer."""

    chain: str
    amount: str


@dataclass(frozen=True, slots=True)
class Held:
    """One asset of a wallet: the sum of what is known, and where it is."""

    symbol: str
    value: str
    amount: str
    chains: int
    places: tuple[HeldOn, ...]
    unknown: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Neither held anywhere nor possibly held where nobody answered."""
        return not self.chains and not self.unknown


@dataclass(frozen=True, slots=True)
class Wallet:
    """Everything a wallet holds; `chosen` is the asset it is about to send, listed apart from the others."""

    chosen: Held | None
    others: tuple[Held, ...]


def wallet_balances(user: str, *, source: str = "") -> Wallet:
    """What the wallet holds; `source` is a choice such as `alder:USDC` or `any:USDC`."""
    held = [(each.asset.asset_id, _held(each)) for each in balances_of(user)]
    wanted = _asset_of(source)
    chosen = next((view for asset_id, view in held if asset_id == wanted), None)
    others = tuple(view for asset_id, view in held if asset_id != wanted and not view.is_nothing)
    return Wallet(chosen=chosen, others=others)


def balances_json(user: str) -> dict[str, Any]:
    """For programs: null is unknown, and then the total is only what is known."""
    return {"user": user, "assets": [_asset_json(each) for each in balances_of(user)]}


def _asset_of(source: str) -> str:
    try:
        return asset_named(source.partition(":")[2]).asset_id
    except WaymeetError:
        return ""


def _held(balance: AssetBalance) -> Held:
    asset = balance.asset
    places = [
        HeldOn(
            chain_name(each.chain_id), shown_amount(each.amount or 0, asset.tokens[each.chain_id].decimals)
        )
        for each in balance.held
    ]
    unknown = tuple(chain_name(chain_id) for chain_id in balance.unknown)
    return Held(
        symbol=asset.symbol,
        value=asset.value,
        amount=shown_amount(balance.total, asset.decimals),
        chains=len(places),
        places=(*places, *(HeldOn(name, "") for name in unknown)),
        unknown=unknown,
    )


def _asset_json(balance: AssetBalance) -> dict[str, Any]:
    asset = balance.asset
    return {
        "asset": asset.asset_id,
        "symbol": asset.symbol,
        "decimals": asset.decimals,
        "total": str(balance.total),
        "is_complete": not balance.unknown,
        "chains": [
            {
                "chain_id": each.chain_id,
                "chain": chain_name(each.chain_id),
                "token": asset.tokens[each.chain_id].address,
                "symbol": token_name(each.chain_id, asset.tokens[each.chain_id].address).symbol,
                "decimals": asset.tokens[each.chain_id].decimals,
                "amount": None if each.amount is None else str(each.amount),
            }
            for each in balance.balances
        ],
    }
