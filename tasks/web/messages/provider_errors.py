"""Messages about a provider's trouble: the meaning in a sentence, and the way out."""

from django.utils.translation import gettext_lazy as _

from tasks.models import CopyTrouble
from tasks.providers import Trouble

#: Sentences of what is wrong and of the way out, in that order.
TROUBLES = {
    Trouble.UNAUTHORIZED: _(
        "The provider refused the key: it is wrong, ended, or without quota. "
        "Type the key again, or make a new one in the provider's console."
    ),
    Trouble.FORBIDDEN: _(
        "The provider forbids this to the key. Check in its console what the key may do, and "
        "whether it only works from certain addresses or groups."
    ),
    Trouble.OVERDUE: _(
        "The account owes money, or its quota is used up. Top it up in the provider's console; "
        "checking then goes on by itself."
    ),
    Trouble.MODEL_NOT_OPEN: _(
        "The model is not open to this account. Open it in the provider's console."
    ),
    Trouble.NOT_FOUND: _(
        "The provider does not know this task. Check that the id belongs to this account; "
        "tasks are forgotten after 7 days."
    ),
    Trouble.RATE_LIMITED: _(
        "The provider asks for fewer requests. We slow down by ourselves; if it stays so, lower "
        "the credential's requests per second."
    ),
    Trouble.QUOTA_USED_UP: _(
        "The quota of the account's plan is used up. It is full again at the time that the "
        "provider names, and everything goes on by itself then; until then, use another credential."
    ),
    Trouble.BAD_REQUEST: _(
        "The provider did not understand the request. Check that the credential is set to the "
        "right provider."
    ),
    Trouble.BAD_ADDRESS: _(
        "The base URL leads somewhere else: a web page, or a path that does not exist. "
        "Compare it with the provider's documentation."
    ),
    Trouble.SERVER: _("The provider has an error of its own. We ask again by ourselves."),
    Trouble.NOT_JSON: _(
        "The answer is not JSON. If it stays so, the base URL is probably wrong, or a proxy "
        "stands in between."
    ),
    Trouble.EMPTY: _("The provider's answer was empty. We ask again by ourselves."),
    Trouble.MALFORMED: _(
        "The answer is JSON, but not a task. Check that the credential is set to the right "
        "provider."
    ),
    Trouble.WRONG_TASK: _(
        "The provider answered about another task; that answer was thrown away. "
        "We ask again by ourselves."
    ),
    Trouble.TOO_LARGE: _("The answer was too large to be a task's, and was thrown away."),
    Trouble.TIMEOUT: _(
        "No answer in time. We ask again by ourselves; if it stays so, check whether this server "
        "can reach the provider."
    ),
    Trouble.CONNECTION: _(
        "No connection to the provider. Check the host name in the base URL, and whether this "
        "server may reach it."
    ),
    Trouble.TLS: _(
        "The provider's certificate was not accepted. Check the host name in the base URL, this "
        "server's clock, and whether a proxy stands in between."
    ),
    Trouble.PRIVATE_ADDRESS: _(
        "This address is inside a private network. If it is your own gateway, or a proxy on this "
        "server that makes up addresses (198.18.0.0/15), the engineer can allow it with "
        "DAILIES_PRIVATE_HOSTS."
    ),
    Trouble.ODD_ADDRESS: _(
        "This address is not one we ask: it must be http or https, without a name or password, "
        "on port 80, 443 or a free one from 1024 on. The engineer can allow another port with "
        "DAILIES_PRIVATE_HOSTS."
    ),
    Trouble.BAD_REDIRECT: _(
        "The link leads on to where we do not follow: in circles, nowhere, or from https to http."
    ),
    Trouble.LINK_DEAD: _("The link is dead: it has ended, or the provider removed the file."),
    Trouble.NOT_READY: _("The provider has not got the file ready yet. We ask again by ourselves."),
    Trouble.WRONG_HOST: _(
        "This task lives at another host than its credential's key is for, and a key is sent to "
        "its own host only. Add a credential for that host, or set this one's base URL back."
    ),
    Trouble.UNSUPPORTED: _("This provider cannot do that."),
}


def trouble_sentence(kind: str) -> str:
    """The meaning of a trouble and the way out; "" for none, the bare word of an unknown one."""
    return str(TROUBLES.get(kind, kind))  # type: ignore[call-overload]


#: Kinds of trouble whose stored words are ours and tell a number or a name that was found. The
#: stored words of all other kinds say in English what the sentence says.
FINDINGS = frozenset(
    {
        CopyTrouble.CUT_OFF,
        CopyTrouble.NOT_A_VIDEO,
        CopyTrouble.STORAGE,
        Trouble.BAD_REDIRECT,
        Trouble.MALFORMED,
        Trouble.ODD_ADDRESS,
        Trouble.PRIVATE_ADDRESS,
        Trouble.TOO_LARGE,
        Trouble.WRONG_HOST,
        Trouble.WRONG_TASK,
    }
)


def trouble_detail(kind: str, message: str) -> str:
    """The part of the stored words that adds to the sentence: the host's answer, or a finding."""
    _own_words, has_answer, answer = message.partition(" (HTTP ")
    if has_answer:
        return f"HTTP {answer.replace(')', '', 1)}"
    return message if kind in FINDINGS else ""
