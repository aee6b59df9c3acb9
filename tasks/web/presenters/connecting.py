"""Tools that can be pointed at the API, with the lines that one copies into each.

The settings are named in the packages' own documentation: volcengine-ark-runtime,
byteplus-python-sdk-v2, openai, ai-sdk.dev/providers/ai-sdk-providers/bytedance,
github.com/nnnnkatsu/seedance2-comfyui-byteplus, docs.n8n.io (HTTP Request).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from string import Template
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from tasks.models import Credential, ModelName, Project

#: What stands in the lines until there is a token.
PLACEHOLDER = "YOUR_TOKEN"
#: Names that mean nothing to a shell, to JSON or to a programming language.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
MOST_MODELS = 40


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool by its own name, and its lines with the address and the token in them."""

    slug: str
    name: Any
    about: Any
    lines: str


_CURL = """\
curl $ark/models -H "Authorization: Bearer $token"

curl $ark/contents/generations/tasks \\
  -H "Authorization: Bearer $token" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "$model", "content": [{"type": "text", "text": "A paper boat on a pond"}]}'
"""

_ARK = """\
# pip install $package
from $module import Ark

client = Ark(
    base_url="$ark",
    api_key="$token",
)
task = client.content_generation.tasks.create(
    model="$model",
    content=[{"type": "text", "text": "A paper boat on a pond"}],
)
print(client.content_generation.tasks.get(task_id=task.id).status)
"""

_OPENAI = """\
# pip install openai
from openai import OpenAI

client = OpenAI(
    base_url="$openai",
    api_key="$token",
)
video = client.videos.create_and_poll(model="$model", prompt="A paper boat on a pond")
client.videos.download_content(video.id).write_to_file("boat.mp4")
"""

_AI_SDK = """\
// npm install ai @ai-sdk/bytedance
import { createByteDance } from "@ai-sdk/bytedance";
import { experimental_generateVideo as generateVideo } from "ai";

const byteDance = createByteDance({
  baseURL: "$ark",
  apiKey: "$token",
});
const { video } = await generateVideo({
  model: byteDance.video("$model"),
  prompt: "A paper boat on a pond",$download
});
"""
#: The AI SDK's own download refuses addresses within a private network.
_DOWNLOAD = """
  download: async ({ url }) => ({
    data: new Uint8Array(await (await fetch(url)).arrayBuffer()),
    mediaType: "video/mp4",
  }),"""

_COMFYUI = """\
export ARK_API_KEY="$token"
export BYTEPLUS_ARK_BASE_URL="$ark"
export SEEDANCE2_ENDPOINT="$model"
"""

_N8N = """\
Method: POST
URL: $ark/contents/generations/tasks
Authentication: Generic Credential Type
Generic Auth Type: Header Auth
Name: Authorization
Value: Bearer $token
Body Content Type: JSON
Specify Body: Using JSON
JSON: {"model": "$model", "content": [{"type": "text", "text": "A paper boat on a pond"}]}
"""


def _ark(package: str, module: str) -> str:
    return _ARK.replace("$package", package).replace("$module", module)


_TOOLS: list[tuple[str, Any, Any, str]] = [
    (
        "curl",
        "curl",
        _("The first command lists models and costs nothing. The second creates a video."),
        _CURL,
    ),
    (
        "volcengine",
        _("Ark SDK (Volcengine)"),
        "",
        _ark("volcengine-ark-runtime", "volcenginesdkarkruntime"),
    ),
    (
        "byteplus",
        _("Ark SDK (BytePlus)"),
        "",
        _ark("byteplus-python-sdk-v2", "byteplussdkarkruntime"),
    ),
    ("openai", "OpenAI SDK", "", _OPENAI),
    ("ai-sdk", "AI SDK", "", _AI_SDK),
    (
        "comfyui",
        "ComfyUI",
        _(
            "For the nodes of seedance2-comfyui-byteplus: set these before ComfyUI starts, and "
            "leave the nodes' fields empty. Other nodes name their settings differently."
        ),
        _COMFYUI,
    ),
    ("n8n", "n8n", _("Values for an HTTP Request node."), _N8N),
]


def tools(origin: str, token: str, model: str) -> list[Tool]:
    """List the tools, with the lines for this address, token and model."""
    values = {
        "ark": f"{origin}/api/v3",
        "openai": f"{origin}/v1",
        "token": token or PLACEHOLDER,
        "model": model or "MODEL",
        "download": _DOWNLOAD if is_private(origin) else "",
    }
    return [
        Tool(slug=slug, name=name, about=about, lines=Template(lines).substitute(values))
        for slug, name, about, lines in _TOOLS
    ]


def is_private(origin: str) -> bool:
    """Whether an address is of this machine or of a private network, as far as it says itself."""
    host = (urlsplit(origin).hostname or "").rstrip(".")
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local"))


def models_of(project: Project) -> list[str]:
    """Names of models that a project's credentials offer, of the credential used last first.

    With several credentials each name is `CREDENTIAL/model` where that can be written plainly.
    """
    credentials: Any = Credential.objects.usable_in(project).with_latest_task()
    rows = sorted(credentials, key=lambda row: (-(row.latest_task or 0), row.pk))
    names = [
        f"{row.name}/{name}" if len(rows) > 1 and PLAIN.fullmatch(row.name) else name
        for row in rows
        for name in ModelName.objects.offered_at(row)
    ]
    return [name for name in dict.fromkeys(names) if PLAIN.fullmatch(name)][:MOST_MODELS]
