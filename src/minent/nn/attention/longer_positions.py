"""Positions of a pretrained model for longer texts.

Learned ones are repeated (Beltagy et al. 2020, Longformer) or stretched; sines go on, and rotary ones too, or turn more
slowly (Chen et al. 2023, position interpolation); distances (T5) have no end.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from minent.errors import BadInput


def more_positions(model: Any, longest: int, positions: str) -> None:
    """Give the model positions, and what is counted beside them, for `longest` tokens. Raises BadInput for positions of
    other kinds and fewer than there are."""
    config = model.config
    known = getattr(config, "max_position_embeddings", None)
    named = [(parent, *found) for parent in model.modules() for found in parent.named_children()]
    learned = [
        (parent, part)
        for parent, name, part in named
        if isinstance(part, nn.Embedding) and part.num_embeddings == (known or 0) + getattr(part, "offset", 0)
        and ("position" in name or name == "wpe")
    ]  # fmt: skip
    rotary = [(parent, name, part) for parent, name, part in named if hasattr(part, "rope_type")]
    if not learned and not rotary:
        if any(name == "relative_attention_bias" for _, name, _ in named):
            return  # distances have no end
        raise BadInput(
            f"the positions of {type(model).__name__} are neither learned nor rotary, nor told as distances, as far as "
            "can be seen"
        )
    if not isinstance(known, int):
        raise BadInput(f"{type(model).__name__} does not say how many positions it has")
    # the first rows stand for padding, and are counted among positions by some models
    offset = max([0 if part.padding_idx is None else part.padding_idx + 1 for _, part in learned], default=0)
    if longest + offset < known:
        raise BadInput(f"the model reads {known - offset} tokens already; got longest={longest}")
    for kind in {kind for _, _, part in rotary for kind in _kinds(part.rope_type)}:
        if kind in ("dynamic", "longrope"):
            raise BadInput(
                f"rotary positions of type {kind!r} follow the length of a text by themselves: "
                "take longest=None, for the attention alone"
            )
        if positions == "stretched" and kind != "default":
            raise BadInput(f"rotary positions of type {kind!r} are scaled already; keep them repeated")
    if positions == "stretched" and any(hasattr(part, "create_weight") for _, part in learned):
        raise BadInput(f"the positions of {type(model).__name__} are sines, which go on; keep them repeated")
    config.max_position_embeddings = longest + offset
    for parent, part in learned:
        if hasattr(part, "create_weight"):  # not saved, but computed again
            _go_on(part, longest + offset)
            continue
        _longer(part, longest, offset + getattr(part, "offset", 0), positions)
        for key, buffer in list(parent.named_buffers(recurse=False)):
            if buffer.shape[-1] == known:
                counted = torch.arange(longest + offset, device=buffer.device)
                more = counted if key == "position_ids" else torch.zeros_like(counted)
                setattr(parent, key, more.expand(*buffer.shape[:-1], -1))
    if rotary and positions == "stretched":
        _turn_slowly(config, longest / known)
        for parent, name, part in rotary:
            setattr(parent, name, type(part)(config=config).to(model.device))


def _kinds(rope_type: str | dict[str, str]) -> list[str]:
    """The type of rotary positions; of each kind of layer where kinds differ."""
    return [rope_type] if isinstance(rope_type, str) else list(rope_type.values())


def _go_on(part: Any, longest: int) -> None:
    """Sines for `longest` positions."""
    part.weight = nn.Parameter(part.weight.new_empty(longest, part.embedding_dim), requires_grad=False)
    part.weight.data = part.create_weight().to(part.weight)
    part.num_embeddings = longest


def _longer(part: nn.Embedding, longest: int, offset: int, positions: str) -> None:
    """Give an embedding `longest` positions behind its first `offset` rows."""
    special, rows = part.weight.data[:offset], part.weight.data[offset:]
    if positions == "repeated":
        rows = rows[torch.arange(longest, device=rows.device) % len(rows)]
    else:
        rows = F.interpolate(rows.float().mT[None], longest, mode="linear", align_corners=True)[0].mT.to(rows.dtype)
    part.weight = nn.Parameter(torch.cat([special, rows]), part.weight.requires_grad)
    part.num_embeddings = len(part.weight)


def _turn_slowly(config: Any, factor: float) -> None:
    """Rotary positions by linear interpolation, of each kind of layer where kinds differ."""
    found = config.rope_parameters
    for part in found.values() if all(isinstance(one, dict) for one in found.values()) else [found]:
        part.update(rope_type="linear", factor=factor)
