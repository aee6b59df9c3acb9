"""Sentences one after the other, as the reader's language sets them."""

from functools import reduce

from django.utils.translation import gettext as _


def prose(*sentences: object) -> str:
    """Those that are not empty; what stands between them is the language's: in Chinese nothing."""
    return reduce(_follow, filter(None, map(str, sentences)), "")


def _follow(first: str, second: str) -> str:
    if not first:
        return second
    # Translators: two whole sentences; Chinese sets no space between them.
    return _("%(first)s %(second)s") % {"first": first, "second": second}
