"""The lines of signals/secrecy.toml, compiled once for all languages together."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Literal, get_args

from mailbot.once import once
from mailbot.policy.patterns import written_out
from mailbot.policy.phrases import Phrases, compile_phrases

Group = Literal[
    "stamp", "business", "harm", "circumstance", "mild", "own", "child", "person", "self", "general", "name"
]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file."""

    group: Group
    #: "sv.stamp.skyddad identitet"
    rule: str
    points: float


@once
def secrecy_phrases() -> Phrases[tuple[Line, ...]]:
    """Every phrase of the shipped file. Mail mixes languages, and the words hardly collide."""
    text = resources.files("mailbot.policy").joinpath("signals/secrecy.toml").read_text(encoding="utf-8")
    labelled: dict[str, tuple[Line, ...]] = {}
    for language, groups in tomllib.loads(text).items():
        for group in GROUPS:
            for phrase, points in groups.get(group, {}).items():
                line = Line(group, f"{language}.{group}.{phrase}", float(points))
                for plain in written_out(phrase.lower()):
                    labelled[plain] = (*labelled.get(plain, ()), line)
    return compile_phrases(labelled)
