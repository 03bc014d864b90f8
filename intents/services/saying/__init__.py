"""A wish said in one plain sentence, English or Chinese, and the form that it fills.

Deterministic, with a small grammar of its own. Nothing is guessed in silence: what was not understood is marked,
what is missing or could mean several things is asked.
"""

from .saying import Choice, Piece, Question, Saying, understood
from .sentences import sentence

__all__ = ["Choice", "Piece", "Question", "Saying", "sentence", "understood"]
