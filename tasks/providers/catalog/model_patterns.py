"""Patterns of the names that vendors and gateways give a model, for questions to a database."""

from __future__ import annotations

from tasks.providers.catalog.models import FAMILIES, UNVERSIONED, VERSION, Model

_GAP = "[^a-z0-9]+"
#: What `find_model` drops at the end of a name: dates, and the endings that gateways add.
_ENDINGS = (
    f"(?:{_GAP}(?:[0-9]{{6}}|[tirv]2v|(?:text|image|reference|video){_GAP}to{_GAP}video"
    f"|filter{_GAP}off|face|nsfw|480p|720p|1080p|4k))*"
)
_END = "[^a-z0-9]*$"


def pattern_of(model: Model) -> str:
    """A regular expression that fits the names by which `find_model` finds this model.

    It is to be used without regard to case, and means the same to Python and to PostgreSQL.
    """
    families = [family for family, found in FAMILIES.items() if found.name == model.name]
    unversioned = [name for name, family in UNVERSIONED.items() if family in families]
    return "|".join([*map(_of_family, families), *(_spelled(name) + _END for name in unversioned)])


def _of_family(family: str) -> str:
    """The pattern of seedance-2-0, however it is spelled, but not of seedance-2-0-fast."""
    found = VERSION.match(family)
    assert found
    major, minor, variant = found.groups()
    version = f"{_GAP}v?{major}" + (f"(?:{_GAP}0)?" if minor == "0" else _GAP + minor)
    longer = [each.removeprefix(family) for each in FAMILIES if each.startswith(f"{family}-")]
    others = "".join(f"(?!{_spelled(rest)})" for rest in longer)
    return f"seedance{version}{_spelled(variant)}{others}{_ENDINGS}{_END}"


def _spelled(name: str) -> str:
    return name.replace("-", _GAP)
