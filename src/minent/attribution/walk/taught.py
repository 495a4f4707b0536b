"""Training examples by their ids: tensors, or a data set that makes them, batch by batch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from minent.attribution.walk.passes import Inputs, moved, number, taken
from minent.errors import BadInput

Train = tuple[Inputs, Any] | Dataset | DataLoader


class Numbered(Dataset):
    """A data set whose items begin with their number, which a shuffled DataLoader then hands to `record`; of items that
    are dicts, it is their "id".

    >>> from torch.utils.data import TensorDataset
    >>> data = Numbered(TensorDataset(torch.eye(3), torch.arange(3)))
    >>> for ids, x, y in DataLoader(data, batch_size=3):
    ...     ids.tolist(), y.tolist()
    ([0, 1, 2], [0, 1, 2])
    """

    def __init__(self, data: Any):
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, number: int) -> Any:
        item = self.data[number]
        return {"id": number, **item} if isinstance(item, Mapping) else (number, *item)


class Taught:
    """`train` as tensors (inputs, targets), or as a data set of such items, or a DataLoader of it: its collation."""

    def __init__(self, train: Train):
        self.tensors = train if isinstance(train, tuple) else None
        loader = train if isinstance(train, DataLoader) else None
        self.collate = default_collate if loader is None else loader.collate_fn
        self.data: Any = train if loader is None else loader.dataset
        if self.tensors is None and not (hasattr(self.data, "__getitem__") and hasattr(self.data, "__len__")):
            wanted = "train is (inputs, targets), or a data set whose items have numbers, or its DataLoader"
            raise BadInput(f"{wanted}; got {type(self.data).__name__}")

    def __len__(self) -> int:
        return len(self.data) if self.tensors is None else number(self.tensors[0])

    def batch(self, ids: np.ndarray | Tensor | range, device: torch.device | str) -> tuple[Inputs, Any]:
        """Inputs and targets of these examples. Raises BadInput for items that are not (input, target)."""
        if self.tensors is not None:
            rows = torch.as_tensor(ids) if not isinstance(ids, range) else slice(ids.start, ids.stop)
            inputs, targets = (taken(one, rows) for one in self.tensors)
        else:
            collated: Any = self.collate([self.data[int(i)] for i in ids])
            if isinstance(collated, Mapping):
                return moved(_inputs(collated), device), moved(_labels(collated), device)
            items = list(collated) if isinstance(collated, tuple | list) else [collated]
            items = items[1:] if isinstance(self.data, Numbered) else items
            if len(items) != 2:
                raise BadInput(f"a data set gives (input, target); got {len(items)} things, {type(collated).__name__}")
            inputs, targets = (tuple(one) if isinstance(one, list) else one for one in items)
        return moved(inputs, device), moved(targets, device)


LABELS = "labels", "label"


def _labels(batch: Mapping[str, Any]) -> Any:
    if not (there := [name for name in LABELS if name in batch]):
        raise BadInput(f"a data set of dicts has `labels` among them; got {', '.join(batch)}")
    return batch[there[0]]


def _inputs(batch: Mapping[str, Any]) -> dict[str, Tensor]:
    return {name: one for name, one in batch.items() if name not in (*LABELS, "id")}
