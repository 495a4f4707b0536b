"""A pretrained model of Hugging Face reads longer texts: more positions, and an attention that can afford them.

Learned positions are repeated (Beltagy et al. 2020, Longformer) or stretched; rotary ones go on, or turn more slowly
(Chen et al. 2023, position interpolation). The attention is put in by name (`hub`): weights and their names stay.
"""

from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import nn

from minent.errors import BadInput, require

Kind = Literal["window+landmarks", "window", "nystrom", "softmax"]
Positions = Literal["repeated", "stretched"]


def lengthen(
    model: Any,
    longest: int | None,
    attention: str = "window+landmarks",
    *,
    window: int | None = None,
    landmarks: int = 64,
    positions: str = "repeated",
) -> Any:
    """Make a Hugging Face model read `longest` tokens (None: as many as before), in place; returns the model.

    `attention`: "window+landmarks" and "window" see blocks of `window` tokens nearby exactly, by default half of what
    the model could read before, and at most 256: texts of at most two windows are read as before. "nystrom" sees all
    through `landmarks`; it loses most of what a pretrained model knows until it is trained. `positions` beyond those
    the model has: "repeated", or "stretched" over all. What `save_pretrained` saves `from_pretrained` loads, wherever
    minent was imported.

    Raises BadInput for a model that does not ask transformers for its attention, one that reads and writes, positions
    that cannot be extended, and settings that none can be.

    >>> from transformers import BertConfig, BertModel
    >>> shape = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    >>> model = BertModel(BertConfig(vocab_size=20, max_position_embeddings=32, **shape))
    >>> lengthen(model, 100)(torch.ones(1, 100, dtype=torch.long)).last_hidden_state.shape
    torch.Size([1, 100, 8])
    """
    require("transformers", "hub", "lengthen models of Hugging Face")
    from transformers import PreTrainedModel

    from minent.nn.attention import hub

    for name, value, known in (("attention", attention, get_args(Kind)), ("positions", positions, get_args(Positions))):
        if value not in known:
            raise BadInput(f"{name} is one of {', '.join(known)}; got {value!r}")
    _check(model)
    config = model.config
    before = getattr(config, "max_position_embeddings", None)
    window = min(hub.WINDOW, before // 2 if isinstance(before, int) else hub.WINDOW) if window is None else window
    for name, value in (("window", window), ("landmarks", landmarks), ("longest", longest or 1)):
        if value < 1:
            raise BadInput(f"{name} is at least 1; got {value}")
    own = {"window": window} if attention.startswith("window") else {"landmarks": landmarks}
    told = {"attention": attention, **({} if attention == "softmax" else own)}
    parts = [part.config for part in model.modules() if isinstance(part, PreTrainedModel)]
    undo = [(part, part._attn_implementation, getattr(part, "minent_attention", None)) for part in parts]
    try:
        for part in parts:
            part.minent_attention = told
        _try(model, parts, told)
        if longest is not None:
            _more_positions(model, longest, positions)
    except BaseException:
        for part, implementation, settings in undo:
            part._attn_implementation, part.minent_attention = implementation, settings
        raise
    return model


def _check(model: Any) -> None:
    """Raises BadInput for what is no model of Hugging Face that asks for its attention, of one sequence."""
    from transformers import PreTrainedModel

    name = type(model).__name__
    if not isinstance(model, PreTrainedModel):
        held = [type(part).__name__ for part in getattr(model, "modules", list)() if isinstance(part, PreTrainedModel)]
        told = f"is none, but holds one: lengthen the {held[0]} in it" if held else "is none"
        raise BadInput(f"lengthen puts attention into models of Hugging Face; {name} {told}")
    if not model._can_set_attn_implementation():
        raise BadInput(f"lengthen puts attention into models that ask transformers for theirs; {name} does not")
    if model.config.is_encoder_decoder or getattr(model.config, "add_cross_attention", False):
        raise BadInput(f"lengthen knows models of one sequence; {name} attends to another too")


def _try(model: Any, parts: list[Any], told: dict[str, Any]) -> None:
    """Put the attention in. Two short texts, one of them padded, tell whether exact attention by minent says what the
    model's own says, and whether the model asks for what is put in at all."""
    from minent.nn.attention import hub

    if model.main_input_name != "input_ids":
        model.set_attn_implementation(hub.NAME)
        return
    name, was = type(model).__name__, [(part, part.training) for part in model.modules()]
    own = [x for key, x in model.config.to_dict().items() if key in ("sliding_window", "local_attention")]
    n = 8 + max([x for x in own if isinstance(x, int) and x < 1024], default=0)  # beyond the model's own windows
    ids = torch.arange(2 * n, device=model.device).view(2, n) % min(model.config.vocab_size, n + 5)
    real = torch.ones_like(ids)
    real[1, n // 2 :] = 0
    model.eval()

    def read(kind: str, **settings: int) -> torch.Tensor:
        for part in parts:
            part.minent_attention = {"attention": kind, **settings}
        out = model.base_model(input_ids=ids, attention_mask=real)[0].float()
        return out[real.bool()] if out.shape[:2] == ids.shape else out

    try:
        with torch.no_grad(), torch.random.fork_rng():
            before = read("softmax")
            model.set_attn_implementation(hub.NAME)
            after, least = read("softmax"), read("window", window=1)
            read(**{"kind" if key == "attention" else key: value for key, value in told.items()})
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{name} uses masks in a way of its own, and cannot be lengthened: {error}") from error
    finally:
        for part, training in was:
            part.training = training
    if not (after - before).norm() <= 0.05 * before.norm():
        raise BadInput(f"{name} asks attention for more than minent's do: two short texts are read differently")
    if told["attention"] != "softmax" and torch.equal(after, least):
        raise BadInput(
            f"no layer of {name} would attend by {told['attention']}: they have windows or masks of their own, or no "
            'attention; take "softmax"'
        )


def _more_positions(model: Any, longest: int, positions: str) -> None:
    """Positions, and what is counted beside them, for `longest` tokens."""
    config = model.config
    known = getattr(config, "max_position_embeddings", None)
    if not isinstance(known, int):
        raise BadInput(f"{type(model).__name__} does not say how many positions it has")
    named = [(parent, *found) for parent in model.modules() for found in parent.named_children()]
    learned = [
        (parent, name, part)
        for parent, name, part in named
        if isinstance(part, nn.Embedding) and part.num_embeddings == known and "position" in name
    ]
    rotary = [(parent, name, part) for parent, name, part in named if hasattr(part, "rope_type")]
    if not learned and not rotary:
        raise BadInput(f"the positions of {type(model).__name__} are neither learned nor rotary, as far as can be seen")
    offset = max([0 if part.padding_idx is None else part.padding_idx + 1 for _, _, part in learned], default=0)
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
    config.max_position_embeddings = longest + offset
    for parent, name, part in learned:
        setattr(parent, name, _longer(part, longest, offset, positions))
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


def _longer(old: nn.Embedding, longest: int, offset: int, positions: str) -> nn.Embedding:
    """The same embedding with `longest` positions behind its first `offset` rows."""
    special, rows = old.weight.data[:offset], old.weight.data[offset:]
    if positions == "repeated":
        rows = rows[torch.arange(longest, device=rows.device) % len(rows)]
    else:
        rows = F.interpolate(rows.float().mT[None], longest, mode="linear", align_corners=True)[0].mT.to(rows.dtype)
    weight = torch.cat([special, rows])
    return nn.Embedding.from_pretrained(weight, freeze=not old.weight.requires_grad, padding_idx=old.padding_idx)


def _turn_slowly(config: Any, factor: float) -> None:
    """Rotary positions by linear interpolation, of each kind of layer where kinds differ."""
    found = config.rope_parameters
    for part in found.values() if all(isinstance(one, dict) for one in found.values()) else [found]:
        part.update(rope_type="linear", factor=factor)
