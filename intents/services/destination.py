"""Where a “bring funds here” link leads: a token on a chain, or an app there."""

from dataclasses import dataclass

from intents.chains import registry
from intents.chains.app import App, AppNotListed
from intents.chains.manifest import ChainManifest, TokenManifest

from .call import AppTakesAnotherToken
from .intent import FieldMissing


@dataclass(frozen=True, slots=True)
class Destination:
    """What a link asks for: `token` on `chain`, into `app` when it names one."""

    chain: ChainManifest
    token: TokenManifest
    app: App | None

    @property
    def name(self) -> str:
        """As links write it."""
        return f"{self.chain.slug}:{self.app.slug if self.app else self.token.symbol}"

    @property
    def value(self) -> str:
        """As the form writes it."""
        return f"{self.chain.slug}:{self.token.symbol}"


def destination_of(text: str, *, token: str = "") -> Destination:
    """Read chain:app or chain:token; `token` may say again what the app takes. Raises a WaymeetError."""
    slug, _, name = text.partition(":")
    if not slug or not name:
        raise FieldMissing("to", field="to")
    chain = registry.chain_by_slug(slug)
    try:
        app = chain.app(name)
    except AppNotListed:
        return Destination(chain, chain.token(name), None)
    taken = chain.token(app.token)
    if token and chain.token(token) != taken:
        raise AppTakesAnotherToken(f"{app.slug} takes {taken.symbol}", token=taken.symbol, field="token")
    return Destination(chain, taken, app)
