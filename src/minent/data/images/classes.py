"""What classes are called, and in which order they are numbered: whole numbers by their size, names in natural order
(numbers in them by their size: 2 before 10; then the alphabet, upper and lower case alike)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from minent.data.images.images import Images
from minent.data.natural import natural
from minent.errors import BadInput


def classified(images: Images, labels: Sequence[Any], path: object, names: Sequence[str] = ()) -> Images:
    """Images with the class of each; `names` are those of the classes 0, 1, … where the data tell them. Classes without
    an image are left out. Raises BadInput where an image has no class, or what can be none."""
    if len(labels) != len(images):
        raise BadInput(f"every image has a class; got {len(labels)} for {len(images)} images in {str(path)!r}")
    found = [_label(label, i, path) for i, label in enumerate(labels)]
    kinds = {isinstance(label, str) for label in found}
    if len(kinds) > 1:
        raise BadInput(f"classes must be all numbers or all names; got both in {str(path)!r}")
    names = names if kinds == {False} else ()
    if names and (wrong := [i for i, label in enumerate(found) if not 0 <= label < len(names)]):
        told = f"{found[wrong[0]]} for image {wrong[0]} in {str(path)!r}"
        raise BadInput(f"every image has a class, from 0 to {len(names) - 1} as the data name them; got {told}")
    classes = sorted(set(found), key=natural if kinds == {True} else None)
    place = {label: i for i, label in enumerate(classes)}
    told = (str(names[label] if names else label) for label in classes)
    called = tuple(name.encode("utf-8", "backslashreplace").decode() for name in told)  # folders may be no UTF-8
    if len(set(called)) < len(called):
        raise BadInput(f"classes must have different names; got {', '.join(called)[:200]} in {str(path)!r}")
    return replace(images, labels=np.array([place[label] for label in found], np.int64), classes=called)


def _label(label: Any, i: int, path: object) -> Any:
    """A whole number or a name."""
    label = label.item() if isinstance(label, np.generic) else label
    label = label.decode("utf-8", "replace") if isinstance(label, bytes) else label
    if label is None or label != label or label == "":
        raise BadInput(f"every image has a class; got none for image {i} in {str(path)!r}")
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    if not isinstance(label, int | str):
        raise BadInput(f"a class is a whole number or a name; got {str(label)[:60]} for image {i} in {str(path)!r}")
    return label
