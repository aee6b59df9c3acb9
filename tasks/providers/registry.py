"""The providers we know. Adding one is a few lines here."""

from __future__ import annotations

from tasks.providers import ids
from tasks.providers.base import Provider
from tasks.providers.native import Native
from tasks.providers.newapi import NewApi
from tasks.providers.yescale import YEScale


def gettext_noop(label: str) -> str:
    """Marks a label with words in it for the translators; pages translate, we know no language."""
    return label


# Links are Ark's own, also behind gateways; BytePlus signs them on either domain.
_ARK_MEDIA = ("https://*.volces.com", "https://*.bytepluses.com")

# new-api looks at its upstream every 15 s and answers from its database.
# It hands a callback_url on, so that Ark calls us while the gateway has yet to look
# (relay/channel/task/doubao/adaptor.go).
_NEW_API_ROUND = 15.0

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        slug="volcengine",
        label=gettext_noop("Volcengine Ark"),
        dialect=Native(),
        base_url="https://ark.cn-beijing.volces.com/api/v3",
        docs_url="https://www.volcengine.com/docs/82379/1521309",
        media_hosts=_ARK_MEDIA,
        can_list=True,
        can_cancel=True,
        can_call_back=True,
        gets_per_second=20,
        fastest_check=2,  # one list is enough for 150 tasks
    ),
    Provider(
        slug="byteplus",
        label="BytePlus ModelArk",
        dialect=Native(),
        base_url="https://ark.ap-southeast.bytepluses.com/api/v3",
        docs_url="https://docs.byteplus.com/en/docs/ModelArk/1521309",
        vendor="byteplus",
        media_hosts=_ARK_MEDIA,
        can_list=True,
        can_cancel=True,
        can_call_back=True,
        gets_per_second=20,
        fastest_check=2,  # one list is enough for 150 tasks
    ),
    Provider(
        slug="powertokens",
        label="PowerTokens",
        dialect=Native(has_list=False, has_library=True),  # no page describes a list
        base_url="https://api.powertokens.ai/byteplus/api/v3",
        docs_url="https://docs.powertokens.ai/en/zmodelVideo/byteplus/seedance/seedance-tasks-query",
        vendor="byteplus",
        media_hosts=_ARK_MEDIA,
        can_cancel=True,
        gets_per_second=20,
    ),
    Provider(
        slug="dataeyes",
        label="DataEyes",
        dialect=NewApi(),
        base_url="https://api.dataeyes.ai",
        docs_url="https://doc.dataeyes.ai/api-417729235",
        media_hosts=_ARK_MEDIA,
        can_call_back=True,
        callback_lead=_NEW_API_ROUND,
        fastest_check=_NEW_API_ROUND,
    ),
    Provider(
        slug="tokenhot",
        label="TokenHot",
        dialect=NewApi(prefixes=(ids.GATEWAY,)),
        base_url="https://api.tokenhot.ai",
        docs_url="https://docs.tokenhot.ai",
        media_hosts=_ARK_MEDIA,
        can_call_back=True,
        callback_lead=_NEW_API_ROUND,
        fastest_check=_NEW_API_ROUND,
    ),
    Provider(
        slug="yescale",
        label="YEScale",
        dialect=YEScale(),
        docs_url="https://im06lq19wz.apifox.cn/api-316506193",
        media_hosts=_ARK_MEDIA,
    ),
    Provider(
        slug="native",
        label=gettext_noop("Another Ark-like API"),
        dialect=Native(prefixes=(ids.NATIVE, ""), has_list=False),
        docs_url="https://www.volcengine.com/docs/82379/1521309",
        media_hosts=_ARK_MEDIA,
        can_cancel=True,
    ),
    Provider(
        slug="newapi",
        label=gettext_noop("Another new-api gateway"),
        dialect=NewApi(prefixes=(ids.NATIVE, ids.GATEWAY, "")),
        docs_url="https://github.com/QuantumNous/new-api",
        media_hosts=_ARK_MEDIA,
        can_call_back=True,
        callback_lead=_NEW_API_ROUND,
        fastest_check=_NEW_API_ROUND,
    ),
)

_BY_SLUG = {known.slug: known for known in PROVIDERS}


def provider(slug: str) -> Provider:
    """The provider of that slug; KeyError with a sentence if there is none."""
    try:
        return _BY_SLUG[slug]
    except KeyError:
        known = ", ".join(_BY_SLUG)
        raise KeyError(f"There is no provider {slug!r}; known are {known}.") from None
