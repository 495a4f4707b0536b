"""Explanations on disk: a Parquet table of contributions, a row (input, output, example, contribution) each, and in the
file's metadata, as JSON, what they add up to.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from minent.attribution.explanation import Explanation
from minent.data.whole import whole
from minent.errors import BadInput
from minent.files import whole_file

KEY = b"minent.explanation"


def write_explanation(explanation: Explanation, path: str | Path) -> None:
    """Write as .parquet, whole or not at all, rows that any program reads; contributions of 0 have none.

    Raises BadInput for another suffix."""
    import pyarrow as pa
    from pyarrow import parquet

    if Path(path).suffix.lower() != ".parquet":
        raise BadInput(f"explanations are kept as .parquet; got {str(path)!r}")
    arrays = {"prediction": explanation.prediction, "initial": explanation.initial}
    about: dict[str, Any] = {name: one.tolist() for name, one in arrays.items()}
    about["other"] = {name: np.asarray(one).tolist() for name, one in explanation.other.items()}
    about["shape"] = explanation.contributions.shape
    about["whole"], about["off"] = explanation.examples is None, explanation.off
    about["notes"], about["doubts"] = explanation.notes, explanation.doubts
    table = pa.Table.from_pandas(explanation.to_frame(), preserve_index=False)
    with whole_file(path) as temporary:
        parquet.write_table(table.replace_schema_metadata({KEY: json.dumps(about)}), temporary)


def read_explanation(path: str | Path) -> Explanation:
    """Read what `write_explanation` wrote. Raises BadInput for other files.

    >>> import tempfile
    >>> parts = Explanation(np.array([[3.0]]), np.array([[1.0]]), np.array([[[2.5, 0.0, -0.5]]]), {})
    >>> file = tempfile.mkdtemp() + "/parts.parquet"
    >>> write_explanation(parts, file)
    >>> read_explanation(file).contributions.tolist()
    [[[2.5, 0.0, -0.5]]]
    """
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(path)
    except FileNotFoundError:
        raise BadInput(f"there is no {str(path)!r}") from None
    except (ArrowException, OSError) as error:
        raise BadInput(f"{str(path)!r} is no Parquet: {error}") from None
    if KEY not in (told := table.schema.metadata or {}):
        raise BadInput(f"{str(path)!r} is no explanation: minent.attribution.write_explanation writes them")
    with whole(path, "an explanation"):
        return _explanation(table, json.loads(told[KEY]))


def _explanation(table: Any, about: dict[str, Any]) -> Explanation:
    i, o, example, value = (table[name].to_numpy() for name in ("input", "output", "example", "contribution"))
    contributions, examples = np.zeros(about["shape"]), None
    if about["whole"]:
        contributions[i, o, example] = value
    else:  # rows are in the order of their places, and what was 0 is left out
        examples, place = np.full(about["shape"], -1), np.zeros(len(i), int)
        same = np.r_[False, (i[1:] == i[:-1]) & (o[1:] == o[:-1])] if len(i) else np.zeros(0, bool)
        starts = np.maximum.accumulate(np.where(same, 0, np.arange(len(i))))
        place = np.arange(len(i)) - starts
        contributions[i, o, place], examples[i, o, place] = value, example
    first, last = (np.array(about[name], np.float64) for name in ("initial", "prediction"))
    other = {name: np.array(one, np.float64) for name, one in about["other"].items()}
    notes, doubts = tuple(about["notes"]), tuple(about["doubts"])
    return Explanation(last, first, contributions, other, notes, doubts, about["off"], examples)
