"""What can be paid out now, by token and chain, with its worth."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from intents.engine.world import load_prices
from intents.selectors.network import ChainView, StockView, connected_chains
from intents.solver.world import World

from .kept import kept

KEPT_SECONDS: Final = 5.0
BAR_WIDTH: Final = 1000
SHADES: Final = 6


@dataclass(frozen=True, slots=True)
class Held:
    """One token on one chain, named; `usd` is None without a trustworthy price."""

    chain: str
    stock: StockView
    usd: float | None


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One asset over all chains, in the order of the chains; tokens that are the same asset share a row."""

    symbol: str
    cells: tuple[tuple[Held, ...], ...]
    usd: float | None
    shade: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a chain's bar, in thousandths of the longest one."""

    x: int
    width: int
    shade: int
    symbol: str
    usd: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One chain in the picture."""

    chain: str
    usd: float | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Liquidity:
    """The table and its picture: the same numbers. Sums are of what has a price, None where nothing has one."""

    chains: tuple[str, ...]
    rows: tuple[AssetRow, ...]
    bars: tuple[Bar, ...]
    usd: float | None


def liquidity(views: Sequence[ChainView]) -> Liquidity:
    """From the chains as they are shown; prices are at most KEPT_SECONDS old."""
    prices = _prices()
    by_asset: dict[str, dict[int, list[Held]]] = defaultdict(lambda: defaultdict(list))
    names: dict[str, str] = {}
    for view in views:
        for stock in view.stock:
            asset, symbol = _asset(view, stock)
            names.setdefault(asset, symbol)
            held = Held(view.manifest.name, stock, _worth(stock, prices.get(asset)))
            by_asset[asset][view.manifest.chain_id].append(held)
    worth = {
        asset: _sum(held for each in cells.values() for held in each) for asset, cells in by_asset.items()
    }
    order = sorted(by_asset, key=lambda asset: (-(worth[asset] or 0.0), names[asset]))
    rows = tuple(
        AssetRow(
            symbol=names[asset],
            cells=tuple(tuple(by_asset[asset].get(view.manifest.chain_id, ())) for view in views),
            usd=worth[asset],
            shade=number % SHADES,
        )
        for number, asset in enumerate(order)
    )
    return Liquidity(
        chains=tuple(view.manifest.name for view in views),
        rows=rows,
        bars=_bars(views, rows),
        usd=_added(worth.values()),
    )


def _bars(views: Sequence[ChainView], rows: Sequence[AssetRow]) -> tuple[Bar, ...]:
    sums = [_added(_sum(row.cells[index]) for row in rows) for index in range(len(views))]
    longest = max((each or 0.0 for each in sums), default=0.0) or 1.0
    bars = []
    for index, view in enumerate(views):
        at, pieces = 0.0, []
        for row in rows:
            usd = _sum(row.cells[index]) or 0.0
            begin, at = at, at + usd
            x, end = (round(value * BAR_WIDTH / longest) for value in (begin, at))
            if end > x:
                pieces.append(Piece(x, end - x, row.shade, row.symbol, usd))
        bars.append(Bar(view.manifest.name, sums[index], tuple(pieces)))
    return tuple(bars)


@kept(KEPT_SECONDS)
def _prices() -> dict[str, int]:
    world: World = load_prices()
    return {asset: price.low_e8 for asset, price in world.prices.items()}


def _asset(view: ChainView, stock: StockView) -> tuple[str, str]:
    """The canonical asset behind a token, and how it is called; an unlisted one is alone."""
    manifest = connected_chains().get(view.manifest.chain_id, view.manifest)
    known = next((token for token in manifest.assets if token.address == stock.token.address), None)
    if known is None:
        return f"{view.manifest.chain_id}:{stock.token.address}", stock.token.symbol or stock.token.address[
            :8
        ]
    return known.canonical_id, known.symbol if known.is_synthetic else known.canonical_id.upper()


def _worth(stock: StockView, price_e8: int | None) -> float | None:
    if price_e8 is None:
        return None
    return stock.unreserved * price_e8 / 10**stock.token.decimals / 1e8


def _sum(held: Iterable[Held]) -> float | None:
    return _added(each.usd for each in held)


def _added(amounts: Iterable[float | None]) -> float | None:
    known = [each for each in amounts if each is not None]
    return sum(known) if known else None
