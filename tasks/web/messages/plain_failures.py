"""Reasons of failures, for readers who see neither the account nor the provider's own words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tasks.web.messages.failures import Failure, NextStep

#: What is told in place of a sentence that is meant for whoever looks after the account.
SENTENCES = {
    NextStep.ACCOUNT: _("The team's account with the provider couldn't generate this."),
    NextStep.LATER: _("The provider couldn't generate this at the time."),
}
UNEXPLAINED = _("The video couldn't be generated. Project members can see what the provider said.")


def plain_sentence(failure: Failure | None) -> str:
    """The family of a failure in plain words; `failure` is None where it belongs to none."""
    return str(SENTENCES.get(failure.step, failure.sentence) if failure else UNEXPLAINED)
