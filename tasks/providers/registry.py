"""The known providers. Adding one that speaks a known dialect takes a few lines here."""

from __future__ import annotations

from datetime import date, timedelta

from tasks.providers.base import Provider
from tasks.providers.dialects import task_ids
from tasks.providers.dialects.native import Native
from tasks.providers.dialects.newapi import NewApi
from tasks.providers.dialects.openrouter import OpenRouter
from tasks.providers.dialects.predictions import Predictions
from tasks.providers.dialects.yescale import YEScale


def gettext_noop(label: str) -> str:
    """Mark a label for translation. Pages translate it; providers know no language."""
    return label


# Result links are Ark's own, also behind gateways; BytePlus signs them on either domain.
_ARK_MEDIA = ("https://*.volces.com", "https://*.bytepluses.com")

# new-api polls its upstream every 15 s and answers from its database. It passes a callback_url on
# (relay/channel/task/doubao/adaptor.go), so Ark's callback may come before the gateway's next poll.
_NEW_API_POLL = 15.0  # seconds

_WEEK = timedelta(days=7)  # volcengine.com/docs/82379/1521675: only the last seven days are listed
#: Keys of Ark, in China and abroad: a UUID, of late after a word.
_ARK_KEY = r"(ark-)?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"

_FIRST_READING, _SECOND_READING = date(2026, 11, 20), date(2026, 11, 30)

#: The names of WaveSpeed and Atlas Cloud, without the way (/text-to-video) that follows them.
_BYTEDANCE = {
    "seedance-2-5-260628": "bytedance/seedance-2.5",
    "seedance-2-0-260128": "bytedance/seedance-2.0",
    "seedance-2-0-fast-260128": "bytedance/seedance-2.0-fast",
    "seedance-2-0-mini-260615": "bytedance/seedance-2.0-mini",
}

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        slug="volcengine",
        promised_link_life=timedelta(hours=24),
        label=gettext_noop("Volcengine Ark"),
        dialect=Native(),
        base_url="https://ark.cn-beijing.volces.com/api/v3",
        docs_url="https://www.volcengine.com/docs/82379/1521309",
        media_hosts=_ARK_MEDIA,
        key_pattern=_ARK_KEY,
        models_path="/models",
        can_list=True,
        can_cancel=True,
        can_call_back=True,
        gets_per_second=20,
        fastest_check=2,  # one list request covers 150 tasks
        record_life=_WEEK,
        checked_on=_SECOND_READING,
    ),
    Provider(
        slug="byteplus",
        promised_link_life=timedelta(hours=24),
        label="BytePlus ModelArk",
        dialect=Native(),
        base_url="https://ark.ap-southeast.bytepluses.com/api/v3",
        docs_url="https://docs.byteplus.com/en/docs/ModelArk/1521309",
        vendor="byteplus",
        media_hosts=_ARK_MEDIA,
        key_pattern=_ARK_KEY,
        models_path="/models",
        can_list=True,
        can_cancel=True,
        can_call_back=True,
        gets_per_second=20,
        fastest_check=2,  # one list request covers 150 tasks
        record_life=_WEEK,
        checked_on=_SECOND_READING,
    ),
    Provider(
        slug="powertokens",
        promised_link_life=timedelta(days=14),
        label="PowerTokens",
        dialect=Native(has_list=False, has_library=True),  # its pages document no list
        base_url="https://api.powertokens.ai/byteplus/api/v3",
        docs_url="https://docs.powertokens.ai/en/zmodelVideo/byteplus/seedance/seedance-tasks-query",
        vendor="byteplus",
        media_hosts=_ARK_MEDIA,
        can_cancel=True,
        gets_per_second=20,
        record_life=_WEEK,
        checked_on=_FIRST_READING,
    ),
    Provider(
        slug="dataeyes",
        label="DataEyes",
        dialect=NewApi(),
        base_url="https://api.dataeyes.ai",
        docs_url="https://doc.dataeyes.ai/api-417729235",
        media_hosts=_ARK_MEDIA,
        models_path="/v1/models",
        can_call_back=True,
        callback_lead=_NEW_API_POLL,
        fastest_check=_NEW_API_POLL,
        checked_on=_FIRST_READING,
    ),
    Provider(
        slug="tokenhot",
        label="TokenHot",
        dialect=NewApi(prefixes=(task_ids.GATEWAY,)),
        base_url="https://api.tokenhot.ai",
        docs_url="https://docs.tokenhot.ai",
        media_hosts=_ARK_MEDIA,
        models_path="/v1/models",
        can_call_back=True,
        callback_lead=_NEW_API_POLL,
        fastest_check=_NEW_API_POLL,
        checked_on=_FIRST_READING,
    ),
    Provider(
        slug="yescale",
        label="YEScale",
        dialect=YEScale(),
        docs_url="https://im06lq19wz.apifox.cn/api-316506193",
        media_hosts=_ARK_MEDIA,
        checked_on=_FIRST_READING,
    ),
    Provider(
        slug="openrouter",
        label="OpenRouter",
        dialect=OpenRouter(),
        base_url="https://openrouter.ai/api/v1",
        docs_url="https://openrouter.ai/docs/api/api-reference/videos",
        media_hosts=("https://openrouter.ai", *_ARK_MEDIA),
        key_pattern="sk-or-",
        models_path="/videos/models",
        models={
            "seedance-2-5-260628": "bytedance/seedance-2.5",
            "seedance-2-0-260128": "bytedance/seedance-2.0",
            "seedance-2-0-fast-260128": "bytedance/seedance-2.0-fast",
            "seedance-2-0-mini-260615": "bytedance/seedance-2.0-mini",
            "seedance-1-5-pro-251215": "bytedance/seedance-1-5-pro",
        },
        can_call_back=True,
        fastest_check=10,  # its page: every 10 to 30 seconds
        price_source="`usage.cost` of each answer, in US dollars",
        checked_on=_SECOND_READING,
    ),
    Provider(
        slug="wavespeed",
        label="WaveSpeed",
        dialect=Predictions(
            create="/{model}",
            get="/predictions/{id}",
            pages="/predictions",
            fields={
                "resolution": "resolution",
                "ratio": "aspect_ratio",
                "duration": "duration",
                "generate_audio": "generate_audio",
            },
        ),
        base_url="https://api.wavespeed.ai/api/v3",
        docs_url="https://wavespeed.ai/docs/get-result",
        media_hosts=("https://*.wavespeed.ai", "https://*.cloudfront.net"),
        models=_BYTEDANCE,
        link_life=timedelta(days=7),
        can_list=True,
        record_life=_WEEK,
        checked_on=_SECOND_READING,
    ),
    Provider(
        slug="atlascloud",
        label="Atlas Cloud",
        dialect=Predictions(
            create="/model/generateVideo",
            get="/model/prediction/{id}",
            fields={
                "resolution": "resolution",
                "ratio": "ratio",  # aspect_ratio is ignored there without a word
                "duration": "duration",
                "generate_audio": "generate_audio",
                "watermark": "watermark",
                "return_last_frame": "return_last_frame",
                "web_search": "web_search",
            },
        ),
        base_url="https://api.atlascloud.ai/api/v1",
        docs_url="https://www.atlascloud.ai/docs/en/predictions",
        media_hosts=("https://*.atlascloud.ai", *_ARK_MEDIA),
        models=_BYTEDANCE,
        price_source="https://www.atlascloud.ai/pricing/models",
        checked_on=_SECOND_READING,
    ),
    Provider(
        slug="anyfast",
        label="AnyFast",
        dialect=NewApi(has_content=True, prefixes=(task_ids.NATIVE, task_ids.GATEWAY, "")),
        base_url="https://www.anyfast.ai",
        docs_url="https://docs.anyfast.ai/api-reference/model-api/bytedance/seedance-2-5",
        media_hosts=_ARK_MEDIA,
        models_path="/v1/models",
        models={
            "seedance-2-5-260628": "seedance-2.5",
            "seedance-2-0-260128": "seedance-2.0",
            "seedance-2-0-fast-260128": "seedance-fast",
            "seedance-2-0-mini-260615": "seedance-2.0-mini",
            "seedance-1-0-pro-250528": "doubao-seedance-1-0-pro-250528",
            "seedance-1-0-pro-fast-251015": "doubao-seedance-1-0-pro-fast-251015",
        },
        can_call_back=True,
        callback_lead=_NEW_API_POLL,
        fastest_check=_NEW_API_POLL,
        checked_on=_SECOND_READING,
    ),
    Provider(
        slug="native",
        label=gettext_noop("Another Ark-compatible API"),
        dialect=Native(prefixes=(task_ids.NATIVE, ""), has_list=False),
        docs_url="https://www.volcengine.com/docs/82379/1521309",
        media_hosts=_ARK_MEDIA,
        models_path="/models",
        can_cancel=True,
        checked_on=_SECOND_READING,
    ),
    Provider(
        slug="newapi",
        label=gettext_noop("Another new-api gateway"),
        dialect=NewApi(prefixes=(task_ids.NATIVE, task_ids.GATEWAY, "")),
        docs_url="https://github.com/QuantumNous/new-api",
        media_hosts=_ARK_MEDIA,
        key_pattern="sk-(?!or-)",
        models_path="/v1/models",
        can_call_back=True,
        callback_lead=_NEW_API_POLL,
        fastest_check=_NEW_API_POLL,
        checked_on=_SECOND_READING,
    ),
)

_BY_SLUG = {known.slug: known for known in PROVIDERS}


def provider(slug: str) -> Provider:
    """Return the provider with this slug; raise KeyError, with a sentence, if there is none."""
    try:
        return _BY_SLUG[slug]
    except KeyError:
        known = ", ".join(_BY_SLUG)
        raise KeyError(f"There is no provider {slug!r}; known are {known}.") from None
