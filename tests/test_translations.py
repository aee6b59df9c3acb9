"""简体中文: complete, well-formed, and compiled from the current texts."""

import ast
import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tasks.models import Batch, Credential, Currency, Project
from tasks.providers.status import Status
from tests.batched import put_into_a_batch
from tests.conftest import MakeTask

FOLDER = Path(__file__).parent.parent / "locale" / "zh_Hans" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
FULL_WIDTH = "，。：；？！、（）“”"
ANGLE = re.compile(r"<[^>]+>")
FAULTS = [
    re.compile(pattern)
    for pattern in (
        "[！!]",
        r"[\u4e00-\u9fff][,;:?()]",
        r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]",
    )
]

Entry = dict[str, str]


def entries() -> Iterator[Entry]:
    """Every message of the .po by keyword: msgctxt, msgid, msgid_plural, msgstr, and its flags."""
    text = (FOLDER / "django.po").read_text(encoding="utf-8")
    for block in text.strip().split("\n\n"):
        entry = _entry(block.splitlines())
        if entry["msgid"]:
            yield entry


def _entry(lines: list[str]) -> Entry:
    entry: Entry = {"flags": ""}
    keyword = ""
    for line in lines:
        if line.startswith("#"):
            entry["flags"] += line if line.startswith("#,") else ""
            continue
        if not line.startswith('"'):
            keyword, _, line = line.partition(" ")
            keyword = keyword.removesuffix("[0]")
        entry[keyword] = entry.get(keyword, "") + ast.literal_eval(line)
    return entry


ENTRIES = list(entries())


def test_the_reader_finds_the_messages() -> None:
    assert len(ENTRIES) > 250
    assert {"msgid": "Queued", "msgstr": "排队中", "flags": ""} in ENTRIES


def test_every_message_is_translated_with_the_same_placeholders() -> None:
    assert [entry["msgid"] for entry in ENTRIES if not _is_translated(entry)] == []


def _is_translated(entry: Entry) -> bool:
    translated, original = entry["msgstr"], entry.get("msgid_plural", entry["msgid"])
    return (
        bool(translated.strip())
        and "fuzzy" not in entry["flags"]
        and sorted(PLACEHOLDER.findall(translated)) == sorted(PLACEHOLDER.findall(original))
        and sorted(ANGLE.findall(translated)) == sorted(ANGLE.findall(entry["msgid"]))
    )


def test_every_message_follows_chinese_typography() -> None:
    texts = [entry["msgstr"] for entry in ENTRIES if entry.get("msgctxt") != "date format"]
    assert [text for text in texts if _typographic_faults(text)] == []


def _typographic_faults(text: str) -> list[str]:
    """Half-width punctuation, shouting, or no space between Chinese and Latin or digits."""
    plain = ANGLE.sub("", PLACEHOLDER.sub("字", text))
    return [fault.pattern for fault in FAULTS if fault.search(plain)] + re.findall(
        f" [{FULL_WIDTH}]|[{FULL_WIDTH}] ", OWN.sub("", plain)
    )


@pytest.mark.parametrize(
    "text",
    ["好!", "好,的", "用Base", "5个", "好 。", "（ 好）"],
    ids="shout comma latin digit before after".split(),
)
def test_a_typographic_fault_is_detected(text: str) -> None:
    assert _typographic_faults(text)


@pytest.mark.parametrize(
    "entry",
    [
        {"msgid": "%(n)s of it", "msgstr": "它的", "flags": ""},
        {"msgid": "<b>it</b>", "msgstr": "它", "flags": ""},
        {"msgid": "it", "msgstr": "", "flags": ""},
        {"msgid": "it", "msgstr": "它", "flags": "#, fuzzy"},
    ],
    ids="placeholder tag empty fuzzy".split(),
)
def test_a_bad_translation_is_detected(entry: Entry) -> None:
    assert not _is_translated(entry)


def test_the_compiled_messages_are_the_written_ones() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in ENTRIES:
        context, msgid = entry.get("msgctxt"), entry["msgid"]
        if plural := entry.get("msgid_plural"):
            assert compiled.ngettext(msgid, plural, 2) == entry["msgstr"]
        elif context:
            assert compiled.pgettext(context, msgid) == entry["msgstr"]
        else:
            assert compiled.gettext(msgid) == entry["msgstr"]


class Visible(HTMLParser):
    """The texts of a page that a reader sees or hears, without code and input."""

    SILENT = ("script", "style", "code", "pre", "kbd")
    SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-tip", "data-just-now")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._within: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in self.SPOKEN and value]
        if tag == "input" and dict(attrs).get("type") == "submit":
            self.texts.append(dict(attrs).get("value") or "")
        if tag in self.SILENT:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if not self._within and data.strip():
            self.texts.append(data.strip())


#: Names and terms that Chinese writes in Latin letters, and what these tests put in themselves.
LATIN = frozenset(
    "Dailies English API Key Base URL Token ID JSON UTC staff BytePlus ModelArk PowerTokens "
    "DataEyes TokenHot YEScale OpenRouter WaveSpeed Atlas Cloud AnyFast new api dataeyes sweep "
    "ZIP SHA KB MB GB TB HEVC CSV TSV TXT JSONL Excel XLSX "
    "HTTP HTTPS JavaScript localhost PIN QR PNG JPEG WebP GIF BMP Seedance lite mini pro fast "
    "Flash premium token asset gateway example http https Control Command Mac Cron purge reconcile "
    "models tidy IP Django".split()
)
#: … and what Django's admin says only in English: the other text of two of its pictures.
LATIN |= {"Search", "True"}
#: … and currencies, and what stands for the name of a variable.
LATIN |= {*Currency.values, "name"}
OWN = re.compile(r"dly_[\w-]+|cgt-[\w-]+|doubao-[\w-]+|https?://\S*|/v1\b|tasks\.jobs\.\w+")


def english_in(html: str) -> set[str]:
    html = re.sub(r'<select name="time_zone".*?</select>', "", html, flags=re.DOTALL)
    text = OWN.sub(" ", " ".join(Visible(html).texts))
    return set(re.findall(r"[A-Za-z]{2,}", text)) - LATIN


@pytest.fixture
def reader(staff: User) -> Client:
    """A browser of somebody who may see every page, and who reads Chinese."""
    client = Client(headers={"accept-language": "zh-CN,zh;q=0.9"})
    client.force_login(staff)
    return client


@pytest.fixture
def tasks_of_every_status(make_task: MakeTask, credential: Credential, project: Project) -> None:
    Credential.objects.update(name="测试网关", trouble="rate_limited")
    Project.objects.update(name="短片")
    street = {"prompt": "雨夜的街道", "duration": 5, "ratio": "16:9", "seed": 7}
    tasks = [make_task(status=status, **street) for status in Status]
    put_into_a_batch(tasks[:2], parent=tasks[2], prompt="雨夜的街道", watermark=True)


@pytest.mark.looks
@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?q=雪&status=failed",
        "/tasks/track/",
        "/tasks/new/",
        "/archive/",
        "/people/",
        "/credentials/",
        "/credentials/add/",
        "/budgets/",
        "/untracked/",
        "/audit/",
        "/trash/",
        "/trash/?kind=videos",
        "/prompts/",
        "/settings/",
        "/account/",
        "/account/sessions/",
        "/welcome/",
        "/password/",
        "/nowhere/",
        "/admin/",
        "/admin/tasks/task/",
        "/admin/tasks/statuschange/",
        "/admin/tasks/copy/",
        "/admin/tasks/credential/",
        "/admin/tasks/credential/add/",
        "/admin/tasks/project/add/",
        "/admin/django_q/schedule/",
        "/admin/django_q/failure/",
    ],
)
def test_a_page_in_chinese_has_no_english_left(
    path: str, reader: Client, tasks_of_every_status: None
) -> None:
    html = reader.get(path).content.decode()
    assert re.search(r'lang="zh-hans"', html)
    assert english_in(html) == set()


def test_a_batch_in_chinese_has_no_english_left(
    reader: Client, tasks_of_every_status: None
) -> None:
    batch = Batch.objects.get()
    take = batch.submissions.select_related("task")[0].task
    for page in (batch, take):
        assert english_in(reader.get(page.get_absolute_url()).content.decode()) == set()


@pytest.mark.exhaustive
@pytest.mark.parametrize("status", Status)
def test_a_tasks_page_in_chinese_has_no_english_left(
    status: str, reader: Client, make_task: MakeTask, tasks_of_every_status: None
) -> None:
    path = make_task(status=status, trouble="timeout", resolution="720p").get_absolute_url()
    assert english_in(reader.get(path).content.decode()) == set()


def test_the_preview_of_pasted_ids_in_chinese_has_no_english_left(
    reader: Client, credential: Credential, tasks_of_every_status: None
) -> None:
    form = {"ids": "cgt-20261120120000-abcde 甲", "credential": credential.pk, "step": "preview"}
    html = reader.post(reverse("track"), form).content.decode()
    assert "确认跟踪这些任务" in html
    assert english_in(html) == set()


def test_the_sign_in_pages_in_chinese_has_no_english_left(staff: User) -> None:
    html = Client(headers={"accept-language": "zh-CN"}).get(reverse("sign_in")).content.decode()
    assert "登录" in html
    assert english_in(html) == set()


def test_a_text_not_marked_for_translation_is_detected() -> None:
    html = '<p>任务 Left over</p><a title="Forgotten" href="/x">继续</a><code>python3</code>'
    assert english_in(html) == {"Left", "over", "Forgotten"}
