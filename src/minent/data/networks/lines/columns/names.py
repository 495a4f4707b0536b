"""What names of columns say: which are the ends of links, which is a weight, which are times or ids."""

import re
from collections.abc import Sequence

from minent.errors import BadInput

ENDS = (
    ("source", "target"), ("from", "to"), ("src", "dst"), ("src", "dest"), ("sender", "receiver"), ("u", "v"),
    ("node1", "node2"), ("node_1", "node_2"), ("id1", "id2"), ("id_1", "id_2"), ("source_id", "target_id"),
    ("from_id", "to_id"), ("from_node", "to_node"), ("fromnodeid", "tonodeid"), ("from_node_id", "to_node_id"),
    ("origin", "destination"), ("source", "destination"), ("follower", "followee"), ("citing", "cited"),
    ("源", "目标"), ("源节点", "目标节点"), ("起点", "终点"), ("来源", "目标"),
)  # fmt: skip
WEIGHTS = (
    "weight", "weights", "w", "count", "counts", "n", "value", "amount", "freq", "frequency", "strength",
    "权重", "次数", "频次", "频数", "数量", "强度",
)  # fmt: skip
TIMES = re.compile(r"t|ts|since|start|end|(.*[_ ])?(time|timestamp|date|datetime|year|month|day|hour|at)|created")
OTHERS = re.compile(r"id|key|index|type|label|kind|layer|(edge|link|row)[_ ]?id")
CHINESE = re.compile("时间|日期|年份|年|月|日|编号|序号|索引|类型|类别|标签")  # times and ids
INDEX = re.compile(r"index|unnamed: ?0|__index_level_\d+__")
UNNAMED = re.compile(r"(?:column_?|f|v)?\d+")


def plain(name: str) -> str:
    return name.strip().lower()


def called(names: Sequence[str], place: int) -> str:
    """A column as a flag can say it: by its name, or by its number where that is none, or another's too.

    >>> [called(["u", "n", "n", ""], i) for i in range(4)]
    ['u', '2', '3', '4']
    """
    return names[place] if names[place] and names.count(names[place]) == 1 else str(place + 1)


def is_index(names: Sequence[str], place: int) -> bool:
    """Whether a column counts the rows of a data frame: by its name, or as the first of them without one."""
    return bool(INDEX.fullmatch(plain(names[place]))) or (place == 0 and not names[0])


def says_other(name: str) -> bool:
    """Whether a column of this name is no end of links."""
    return plain(name) in WEIGHTS or says_no_weight(name)


def says_no_weight(name: str) -> bool:
    return any(kind.fullmatch(plain(name)) for kind in (TIMES, OTHERS, CHINESE))


def are_named(names: Sequence[str]) -> bool:
    """Whether the columns of a table have names, not only numbers: 0, 1; column_0; f0; V1."""
    return not all(UNNAMED.fullmatch(plain(name)) for name in names)


def ends_named(names: Sequence[str]) -> tuple[int, int] | None:
    """Places of source and target among columns with these names; None: no name tells.

    Raises BadInput where two pairs of names do, or where a name stands twice.

    >>> ends_named(["id", "To", "From", "weight"])
    (2, 1)
    """
    names = [plain(name) for name in names]
    found = [pair for pair in ENDS if pair[0] in names and pair[1] in names]
    if len(found) > 1:
        pairs = " or ".join(f"{source} and {target}" for source, target in found[:2])
        raise BadInput(f"links may go between {pairs}: --source and --target say which")
    for end in found[0] if found else ():
        if names.count(end) > 1:
            numbers = " and ".join(str(i + 1) for i, name in enumerate(names) if name == end)
            raise BadInput(f"columns {numbers} are all called {end!r}: --source and --target say which, by number")
    return (names.index(found[0][0]), names.index(found[0][1])) if found else None
