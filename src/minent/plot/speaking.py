"""Pages speak English, or Chinese by a dictionary whose keys are what they say in English."""

from collections.abc import Callable, Mapping
from typing import Literal

Language = Literal["en", "zh"]
Say = Callable[[str], str]
"""What a sentence is in the language of a page."""


def speaker(language: str, chinese: Mapping[str, str]) -> Say:
    """What says a sentence in a language: a name that is no sentence of a page's own stays as it is.

    >>> speaker("zh", {"a map": "地图"})("a  map"), speaker("en", {"a map": "地图"})("a map")
    ('地图', 'a map')
    """
    return (lambda text: chinese.get(" ".join(text.split()), text)) if language == "zh" else str
