"""Links of several relations: `*Arcs :1 "likes"` and `*Arcs :2 "helps"`. They are layers, where that is asked for."""

import re
from collections.abc import Iterable

from minent.data.networks.pajek.sections import Section
from minent.errors import BadInput

RELATION = re.compile(r':(\d+)\s*"?(.*?)"?')


def relation_of(section: Section) -> tuple[int, str] | None:
    """Number and name of the relation whose links a section holds.

    >>> relation_of(Section("arcs", ':2 "helps"', b"", 4, "a.net"))
    (2, 'helps')
    """
    match = RELATION.fullmatch(section.argument)
    return (int(match[1]), match[2]) if match else None


def check_relations(sections: Iterable[Section], layers: bool, file: object, notes: list[str]) -> None:
    """Notes what relations there are. Raises BadInput where there are several that are not asked for as layers, or none
    where they are."""
    relations: dict[int, str] = {}
    for section in sections:
        if relation := relation_of(section):
            relations[relation[0]] = relations.get(relation[0]) or relation[1]
    called = ", ".join(f":{number} {name!r}" if name else f":{number}" for number, name in relations.items())
    if layers and not relations:
        raise BadInput(f"relations like *Arcs :1 are layers; {str(file)!r} has none")
    if len(relations) > 1 and not layers:
        wanted = "read them as layers (layers=True, --layers), or keep one of them in the file"
        raise BadInput(f"links in {str(file)!r} are of {len(relations)} relations, {called}: {wanted}")
    if relations:
        notes.append(f"{'layers are the relations' if layers else 'all links are of the relation'} {called}")
