"""Joining sentences as the reader's language does."""

from django.utils.translation import gettext as _


def prose(*sentences: object) -> str:
    """Join the sentences that are not empty; in Chinese without a space between them."""
    text, *others = list(filter(None, map(str, sentences))) or [""]
    for sentence in others:
        # Translators: two whole sentences; Chinese sets no space between them.
        text = _("%(first)s %(second)s") % {"first": text, "second": sentence}
    return text
