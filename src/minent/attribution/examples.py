"""What a model was trained on, or is asked about: arrays of numbers with labels, and how each example is shown.

.npz   x (example, …) numbers, y (example,) labels; x of (height, width) or (channel, height, width) are images
.csv   columns of numbers, and a column `label`
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np

from minent.data.whole import whole
from minent.errors import BadInput
from minent.plot.picture import picture


@dataclass(frozen=True, eq=False)
class Examples:
    """`x` (example, …) float32, `y` (example,) numbers of labels in `labels`; None where there are none.

    `columns` name the numbers of a row of a table; None for images and other arrays."""

    x: np.ndarray
    y: np.ndarray | None
    labels: tuple[str, ...]
    columns: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def shown(self, i: int) -> str:
        """An example as HTML: an image is drawn, of a row the numbers are given by name."""
        one = self.x[i]
        if self.columns is not None:
            cells = "".join(f"<tr><th>{escape(c)}<td>{v:.4g}" for c, v in zip(self.columns, one, strict=True))
            return f"<table>{cells}</table>"
        if one.ndim in (2, 3):
            return f'<img src="{picture(one)}" alt="example {i}">'
        some = ", ".join(f"{v:.3g}" for v in one.ravel()[:8])
        return f"<code>{some}{', …' if one.size > 8 else ''}</code>"


def read_examples(path: str | Path, labels: Sequence[str] | None = None) -> Examples:
    """The examples in a file; `labels` are those that the model knows, in the order of its outputs. Without them,
    labels are whole numbers, from 0: places among the outputs. Raises BadInput."""
    path = Path(path)
    if path.suffix == ".npz":
        x, y = _arrays(path)
        columns = None
    elif path.suffix == ".csv":
        x, y, columns = _table(path)
    else:
        raise BadInput(f"examples are .npz (x and y) or .csv (numbers and a label); got {str(path)!r}")
    if not len(x):
        raise BadInput(f"there are no examples in {str(path)!r}")
    if not np.isfinite(x).all():
        raise BadInput(f"numbers must be finite; got {x[~np.isfinite(x)][0]} in {str(path)!r}")
    if y is not None and (y.dtype.kind == "b" or (y.dtype.kind == "f" and (y == np.rint(y)).all())):
        y = y.astype(np.int64)  # whole numbers, as pandas has them where there was a gap
    if labels is None and y is not None:
        if y.dtype.kind == "f":
            part = y[y != np.rint(y)][0]
            raise BadInput(f"labels are classes (a regression is explained in Python); got {part:g} in {str(path)!r}")
        if y.dtype.kind not in "iub":
            found = ", ".join(str(one) for one in np.unique(y)[:10])
            wanted = "labels are places among the model's outputs, from 0, or names in their order (--labels a,b,c)"
            raise BadInput(f"{wanted}; got {found} in {str(path)!r}")
        if int(y.min()) < 0:
            raise BadInput(f"labels must not be negative; got {y.min()} in {str(path)!r}")
        labels = [str(one) for one in range(int(y.max()) + 1)]
    labels = labels or []
    place = {label: i for i, label in enumerate(labels)}
    if y is not None and (unknown := sorted({str(one) for one in y} - set(place))):
        raise BadInput(f"labels are {', '.join(place)}; got {unknown[0]!r} in {str(path)!r}")
    numbers = None if y is None else np.array([place[str(one)] for one in y])
    return Examples(np.ascontiguousarray(x, np.float32), numbers, tuple(labels), columns)


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    data = BytesIO(path.read_bytes())
    with whole(path, "an .npz of plain arrays"), np.load(data, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if "x" not in arrays or arrays["x"].ndim < 2 or arrays["x"].dtype.kind not in "fiub":
        raise BadInput(f"{str(path)!r} must hold numbers x (example, …); got {', '.join(arrays) or 'nothing'}")
    y = arrays.get("y")
    if y is not None and y.shape != (len(arrays["x"]),):
        raise BadInput(f"y must be a label for each of the {len(arrays['x'])} examples; got {y.shape} in {str(path)!r}")
    return arrays["x"], y


def _table(path: Path) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except ValueError as error:
        raise BadInput(f"{str(path)!r} is no table: {error}") from None
    y = table.pop("label").to_numpy() if "label" in table else None
    if y is not None and (missing := pd.isna(y)).any():
        raise BadInput(f"each example has a label; got none in row {missing.argmax() + 1} of {str(path)!r}")
    if strange := [str(name) for name in table if table[name].dtype.kind not in "fiub"]:
        raise BadInput(f"columns must be numbers, but for `label`; got {strange[0]!r} in {str(path)!r}")
    return table.to_numpy(np.float32), y, tuple(map(str, table.columns))
