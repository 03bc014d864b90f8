"""Requests that are wrong before any service is asked: one class a situation."""

from django.utils.translation import gettext_lazy as _

from intents.errors import WaymeetError, register_words


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


class Busy(WaymeetError):
    """The database is momentarily unavailable; nothing was done."""

    code = "busy"
    retry = True
    status = 503


register_words(
    {
        "malformed_json": _("The request is not a readable JSON object."),
        "json_expected": _("Send the request as application/json."),
        "body_too_large": _("The request is longer than %(most)s bytes."),
        "method_not_allowed": _("This address answers only %(allowed)s."),
        "unknown_field": _("There is no field named %(field)s."),
        "missing_field": _("The field %(field)s is missing."),
        "wrong_type": _("The field %(field)s must be of type %(expected)s."),
        "not_found": _("There is nothing at this address."),
        "order_not_found": _("There is no such transfer, or the link's key is not its own."),
        "quote_not_found": _("There is no such quote."),
        "busy": _("We are busy for a moment. Nothing was done; please try again."),
    }
)
