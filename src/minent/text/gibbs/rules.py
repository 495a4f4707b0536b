"""Constraints from a file, for `--rules`: TOML with a list of rules, each of a kind and of places of the text.

    [[rule]]                     [[rule]]                          [[rule]]
    kind = "only"                kind = "alike"                    kind = "pattern"
    places = [1]                 places = [10, 20]                 ways = ["**平平仄", "**仄仄平"]
    tokens = ["春", "秋"]         classes = "rhymes.tsv"            classes = {"平" = "天人…", "仄" = "月水…"}

only, never   certain tokens: `tokens`; those made of the characters of `alphabet`; or those that a regular expression
              `matches` as a whole
repeat        no token twice, but those of `but`
alike         all places of one class: a rhyme
pattern       a class for each place (* any) as one of several `ways` has it: tones; a class is named by a character
Places count tokens from 1, from the end below 0; without them a rule holds everywhere. Classes are characters by name,
or a file of lines name<TAB>characters; a character may be of several.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from minent.data.whole import whole
from minent.errors import BadInput, some
from minent.text.gibbs.constraints import Constraint, no_repeats, one_of, only
from minent.text.masked.vocabulary import Vocabulary

KINDS = {
    "only": {"places", "tokens", "alphabet", "matches"}, "never": {"places", "tokens", "alphabet", "matches"},
    "repeat": {"places", "but"}, "alike": {"places", "classes"}, "pattern": {"places", "ways", "classes"},
}  # fmt: skip


def read_rules(path: Path, vocabulary: Vocabulary) -> list[Constraint]:
    """The constraints of a file. Raises BadInput."""
    if not path.is_file():
        raise BadInput(f"there is no file {str(path)!r}")
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{str(path)!r} is not TOML: {error}") from None
    rules = given.get("rule")
    if not isinstance(rules, list) or not rules or set(given) != {"rule"}:
        raise BadInput(
            f"{str(path)!r} must hold rules, each below a line [[rule]], and nothing else; got {some(given)}"
        )
    words = [vocabulary.decode([i]).strip() for i in range(vocabulary.size)]
    for i in vocabulary.never:
        words[i] = ""
    with whole(path, "a list of rules, with texts and numbers where they belong"):
        return [_constraint(rule, words, f"rule {i} of {str(path)!r}", path.parent) for i, rule in enumerate(rules, 1)]


def _constraint(rule: dict[str, Any], words: list[str], name: str, folder: Path) -> Constraint:
    kind, places = rule.get("kind"), rule.get("places", [])
    if kind not in KINDS:
        raise BadInput(f"{name}: kind is one of {', '.join(KINDS)}; got {kind!r}")
    if odd := set(rule) - KINDS[kind] - {"kind"}:
        raise BadInput(f"{name}: {kind} has {', '.join(sorted(KINDS[kind]))}; got {some(sorted(odd))}")
    if not isinstance(places, list) or not all(isinstance(i, int) and i != 0 for i in places):
        raise BadInput(f"{name}: places are whole numbers from 1, or below 0 from the end; got {places!r}")
    places = [i - 1 if i > 0 else i for i in places]
    if kind in ("only", "never"):
        chosen = _chosen(rule, words, name)
        return only(chosen if kind == "only" else ~chosen, places)
    if kind == "repeat":
        return no_repeats(
            len(words), places, [i for i in range(len(words)) if words[i] in {*rule.get("but", [])} - {""}]
        )
    classes = _classes(rule.get("classes"), words, name, folder)
    if kind == "alike":
        if len(places) < 2:
            raise BadInput(f"{name}: two or more places are alike; got {len(places)}")
        return one_of(torch.stack(list(classes.values()))[:, None].expand(-1, len(places), -1), places)
    return _pattern(rule.get("ways"), classes, places, name)


def _chosen(rule: dict[str, Any], words: list[str], name: str) -> Tensor:
    by = [key for key in ("tokens", "alphabet", "matches") if key in rule]
    if len(by) != 1:
        raise BadInput(f"{name}: says one of tokens, alphabet and matches; got {some(by) or 'none'}")
    if by == ["tokens"]:
        if unknown := {*rule["tokens"]} - {*words}:
            raise BadInput(f"{name}: the model has no token for {some(sorted(unknown))}")
        return torch.tensor([word in {*rule["tokens"]} for word in words])
    try:
        pattern = re.compile(rule["matches"] if by == ["matches"] else f"[{re.escape(rule['alphabet'])}]+")
    except (re.error, TypeError) as error:
        raise BadInput(f"{name}: {by[0]} is not as it should be: {error}") from None
    return torch.tensor([bool(word) and pattern.fullmatch(word) is not None for word in words])


def _classes(given: Any, words: list[str], name: str, folder: Path) -> dict[str, Tensor]:
    if isinstance(given, str):
        file = folder / given
        if not file.is_file():
            raise BadInput(f"{name}: there is no file {str(file)!r}")
        lines = [line.split("\t") for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        if odd := next((i for i, line in enumerate(lines, 1) if len(line) != 2), 0):
            raise BadInput(f"{name}: line {odd} of {str(file)!r} must be name<TAB>characters")
        given = dict(lines)  # type: ignore[arg-type]
    if not isinstance(given, Mapping) or not given:
        raise BadInput(f"{name}: classes are characters by name, or a file of name<TAB>characters; got {given!r}")
    found = {key: torch.tensor([word != "" and word in text for word in words]) for key, text in given.items()}
    if not any(bool(table.any()) for table in found.values()):
        raise BadInput(f"{name}: the model has no token of any class")
    return found


def _pattern(ways: Any, classes: dict[str, Tensor], places: list[int], name: str) -> Constraint:
    if not isinstance(ways, list) or not ways or len({len(way) for way in ways}) != 1:
        raise BadInput(f"{name}: ways are a list of patterns of one length; got {ways!r}")
    places = places or list(range(len(ways[0])))
    if len(places) != len(ways[0]) or not {*"".join(ways)} <= {*classes, "*"}:
        raise BadInput(
            f"{name}: a way has for each of {len(places)} places a class ({some(classes)}) or *; got {ways[0]!r}"
        )
    anything = torch.ones_like(next(iter(classes.values())))
    return one_of(torch.stack([torch.stack([classes.get(c, anything) for c in way]) for way in ways]), places)
