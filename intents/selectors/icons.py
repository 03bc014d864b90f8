"""A chain's icon, drawn from its number: the same everywhere, another for every chain, nobody's logo."""

import colorsys
import hashlib
import math
from typing import Final

SIZE: Final = 64
CENTRE: Final = SIZE / 2
ROADS: Final = (3, 4, 5)
GOLDEN_TURN: Final = 0.618034


def chain_icon(chain_id: int) -> str:
    """An SVG of 64 × 64: roads that meet, in a colour of the chain's own. Holds no text and no script."""
    digest = hashlib.sha256(f"waymeet chain {chain_id}".encode()).digest()
    # Neighbouring numbers get colours far apart.
    hue = (chain_id * GOLDEN_TURN) % 1
    ground, road, meet = _colour(hue, 0.26, 0.5), _colour(hue, 0.88, 0.35), _colour(hue + 0.45, 0.62, 0.75)
    count = ROADS[digest[0] % len(ROADS)]
    turn = digest[1] / 256 * math.tau / count
    paths = "".join(
        f'<path d="{_road(turn + math.tau * place / count, bend=(digest[2 + place] - 128) / 128)}"'
        f"{_marked(meet) if place == digest[7] % count else ''}/>"
        for place in range(count)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
        f'<rect width="{SIZE}" height="{SIZE}" rx="15" fill="{ground}"/>'
        f'<g fill="none" stroke="{road}" stroke-width="5" stroke-linecap="round">{paths}</g>'
        f'<circle cx="{CENTRE:g}" cy="{CENTRE:g}" r="{5 + digest[8] % 3}" fill="{meet}"/></svg>'
    )


def _road(angle: float, *, bend: float) -> str:
    """From near the centre outwards, bent to one side."""
    points = [(9.0, 0.0), (18.0, bend * 0.9), (26.0, bend * 0.5)]
    (x0, y0), (x1, y1), (x2, y2) = (
        (CENTRE + radius * math.cos(angle + aside), CENTRE + radius * math.sin(angle + aside))
        for radius, aside in points
    )
    return f"M{x0:.1f} {y0:.1f}Q{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}"


def _marked(colour: str) -> str:
    return f' stroke="{colour}"'


def _colour(hue: float, lightness: float, saturation: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
