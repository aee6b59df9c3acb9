"""Messages about a provider's trouble: the meaning in a sentence, and the way out."""

from django.utils.translation import gettext_lazy as _

from tasks.models import CopyTrouble
from tasks.providers import Trouble

#: Sentences of what is wrong and of the way out, in that order.
TROUBLES = {
    Trouble.UNAUTHORIZED: _(
        "The provider rejected the key: it's wrong, expired or out of quota. Enter it again, or "
        "create a new one in the provider's console."
    ),
    Trouble.FORBIDDEN: _(
        "The provider doesn't allow this key to do that. Check its permissions in the provider's "
        "console, and whether it's limited to certain addresses or groups."
    ),
    Trouble.OVERDUE: _(
        "The account has an overdue balance or has used up its quota. Top it up in the "
        "provider's console. Checks then resume automatically."
    ),
    Trouble.MODEL_NOT_OPEN: _(
        "The account doesn't have this model. Activate it in the provider's console."
    ),
    Trouble.NOT_FOUND: _(
        "The provider doesn't know this task. Check that the id belongs to this account. "
        "Providers forget tasks after 7 days."
    ),
    Trouble.RATE_LIMITED: _(
        "The provider is limiting requests. Checks slow down automatically. If this continues, "
        "lower the credential's requests per second."
    ),
    Trouble.QUOTA_USED_UP: _(
        "The account's plan has used up its quota. Everything resumes automatically when it "
        "resets, at the time the provider gives. Until then, use another credential."
    ),
    Trouble.BAD_REQUEST: _(
        "The provider didn't understand the request. Check that the credential has the right "
        "provider."
    ),
    Trouble.BAD_ADDRESS: _(
        "The base URL points somewhere else: to a web page, or to a path that doesn't exist. "
        "Compare it with the provider's documentation."
    ),
    Trouble.SERVER: _("The provider had an error of its own. We'll check again automatically."),
    Trouble.NOT_JSON: _(
        "The answer isn't JSON. If this continues, the base URL is probably wrong, or a proxy is "
        "in between."
    ),
    Trouble.EMPTY: _("The provider's answer was empty. We'll check again automatically."),
    Trouble.MALFORMED: _(
        "The answer is JSON but not a task. Check that the credential has the right provider."
    ),
    Trouble.WRONG_TASK: _(
        "The provider answered about another task, so its answer was ignored. We'll check again "
        "automatically."
    ),
    Trouble.TOO_LARGE: _("The answer was too large to be a task, so it was ignored."),
    Trouble.TIMEOUT: _(
        "No answer in time. We'll check again automatically. If this continues, check whether "
        "this server can reach the provider."
    ),
    Trouble.CONNECTION: _(
        "Couldn't connect to the provider. Check the host name in the base URL and whether this "
        "server can reach it."
    ),
    Trouble.TLS: _(
        "The provider's certificate wasn't accepted. Check the host name in the base URL, this "
        "server's clock, and whether a proxy is in between."
    ),
    Trouble.PRIVATE_ADDRESS: _(
        "This address is in a private network. If it's your own gateway, or a proxy on this "
        "server that uses virtual addresses (198.18.0.0/15), an administrator can allow it with "
        "DAILIES_PRIVATE_HOSTS."
    ),
    Trouble.ODD_ADDRESS: _(
        "This address isn't allowed. Use http or https, no name or password, and port 80, 443, "
        "or a free port from 1024 up. An administrator can allow other ports with "
        "DAILIES_PRIVATE_HOSTS."
    ),
    Trouble.BAD_REDIRECT: _(
        "The link's redirects can't be followed: they go in circles, lead nowhere, or go from "
        "https to http."
    ),
    Trouble.LINK_DEAD: _("The link no longer works: it expired, or the provider removed the file."),
    Trouble.NOT_READY: _(
        "The provider doesn't have the file ready yet. We'll check again automatically."
    ),
    Trouble.WRONG_HOST: _(
        "This task is on another host than its credential, and a key is only ever sent to its "
        "own host. Add a credential for that host, or change this credential's base URL back."
    ),
    Trouble.UNSUPPORTED: _("This provider can't do that."),
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
