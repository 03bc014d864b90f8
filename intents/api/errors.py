"""Requests that are wrong before any service is asked: one class a situation."""

from intents.errors import WaymeetError


class MalformedJson(WaymeetError):
    """The body is not one JSON object."""

    code = "malformed_json"


class JsonExpected(WaymeetError):
    """The body is declared as something else than JSON."""

    code = "json_expected"
    status = 415


class BodyTooLarge(WaymeetError):
    """The body is longer than the API reads; `most` in bytes."""

    code = "body_too_large"
    status = 413


class MethodNotAllowed(WaymeetError):
    """The address exists, not with this method."""

    code = "method_not_allowed"
    status = 405


class UnknownField(WaymeetError):
    """A field no request of this kind has: misspelt fields are refused, never ignored."""

    code = "unknown_field"


class MissingField(WaymeetError):
    """A required field is absent."""

    code = "missing_field"


class WrongType(WaymeetError):
    """A field is not of the JSON type it must be."""

    code = "wrong_type"


class NotFound(WaymeetError):
    """No such address."""

    code = "not_found"
    status = 404


class OrderNotFound(WaymeetError):
    """No such order, or not with this key: the two are not told apart."""

    code = "order_not_found"
    status = 404


class QuoteNotFound(WaymeetError):
    """No such quote."""

    code = "quote_not_found"
    status = 404


class QuoteTimeout(WaymeetError):
    """Nothing solved the quote for so long that waiting on is pointless; ask for another one later."""

    code = "quote_timeout"
    retry = True
    status = 503


class Busy(WaymeetError):
    """The database is momentarily unavailable; nothing was done."""

    code = "busy"
    retry = True
    status = 503
