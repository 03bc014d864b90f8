"""A transfer's receipt: what was agreed, what happened, and where on the chains that stands."""

from .document import FORMAT, receipt_json
from .page import ReceiptView, receipt_view

__all__ = ["FORMAT", "ReceiptView", "receipt_json", "receipt_view"]
