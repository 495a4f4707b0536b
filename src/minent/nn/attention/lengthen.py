"""A pretrained model of Hugging Face reads longer texts: more positions (`longer_positions`), and an attention that can
afford them, put in by name (`hub`): weights and their names stay."""

from typing import Any, Literal, get_args

import torch

from minent.errors import BadInput, require
from minent.nn.attention.heads import whole
from minent.nn.attention.longer_positions import more_positions

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
    minent was imported. Of a model that reads and writes (T5, BART, Marian) the encoder attends so, and the decoder, to
    what was read and to what it wrote, exactly.

    Raises BadInput for a model that does not ask transformers for its attention, positions that cannot be extended, and
    settings that none can be.

    >>> from transformers import BertConfig, BertModel
    >>> shape = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    >>> model = BertModel(BertConfig(vocab_size=20, max_position_embeddings=32, **shape))
    >>> lengthen(model, 100)(torch.ones(1, 100, dtype=torch.long)).last_hidden_state.shape
    torch.Size([1, 100, 8])
    """
    transformers = require("transformers", "hub", "lengthen models of Hugging Face")
    try:
        from minent.nn.attention import hub
    except ImportError as error:
        raise BadInput(
            f"transformers {transformers.__version__} asks for attention in another way than 5.24, which lengthen knows"
        ) from error
    from transformers import PreTrainedModel

    for name, value, known in (("attention", attention, get_args(Kind)), ("positions", positions, get_args(Positions))):
        if value not in known:
            raise BadInput(f"{name} is one of {', '.join(known)}; got {value!r}")
    _check(model)
    config = model.config
    _share(config, model)
    before = getattr(config, "max_position_embeddings", None)
    window = min(hub.WINDOW, before // 2 if isinstance(before, int) else hub.WINDOW) if window is None else window
    window, landmarks = whole("window", window), whole("landmarks", landmarks)
    longest = None if longest is None else whole("longest", longest)
    own = {"window": window} if attention.startswith("window") else {"landmarks": landmarks}
    told = {"attention": attention, **({} if attention == "softmax" else own)}
    parts = [part.config for part in model.modules() if isinstance(part, PreTrainedModel)]
    undo = [(part, part._attn_implementation, getattr(part, "minent_attention", None)) for part in parts]
    try:
        for part in parts:
            part.minent_attention = told
        _try(model, parts, told)
        if longest is not None:
            more_positions(model, longest, positions)
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
    if not model._can_set_attn_implementation() and not hasattr(model, "asks_minent"):
        raise BadInput(f"lengthen puts attention into models that ask transformers for theirs; {name} does not")
    inner = [part for part in model.modules() if isinstance(part, PreTrainedModel) and part is not model]
    crossing = [one.config for one in inner or [model] if getattr(one.config, "add_cross_attention", False)]
    base = model.base_model
    reads_only = hasattr(base, "encoder") and not hasattr(base, "decoder")  # UMT5's encoder has the config of the whole
    if crossing or (model.config.is_encoder_decoder and not reads_only and not _both(model)):
        parts = " and ".join(type(part).__name__ for part in model.children() if isinstance(part, PreTrainedModel))
        made = f"put together of {parts}, each with a config of its own: lengthen the one that reads"
        raise BadInput(
            "lengthen knows whole models: of one sequence, or with an encoder that reads and a decoder of its kind; "
            f"{name} is {made if parts and model.config.sub_configs else 'neither'}"
        )


def _share(config: Any, model: Any) -> None:
    """Layers ask the config of their model, not one beside it of the same values, which what was put into another model
    has."""
    for part in model.modules():
        own: Any = getattr(part, "config", None)
        if own is not config and type(own) is type(config) and own.to_dict() == config.to_dict():
            part.config = config


def _both(model: Any) -> bool:
    """Whether it reads and writes, in parts of one kind that are saved by one config."""
    config, reads = model.config, model.main_input_name == "input_ids" and hasattr(model.base_model, "decoder")
    return config.is_encoder_decoder and not config.sub_configs and reads


def _try(model: Any, parts: list[Any], told: dict[str, Any]) -> None:
    """Put the attention in. Two short inputs tell whether exact attention by minent says what the model's own says, and
    whether the model asks for what is put in at all."""
    from minent.nn.attention import hub

    name, was = type(model).__name__, [(part, part.training) for part in model.modules()]
    inputs, real = _inputs(model)
    model.eval()

    def read(kind: str, **settings: int) -> torch.Tensor:
        for part in parts:
            part.minent_attention = {"attention": kind, **settings}
        torch.manual_seed(0)  # some hide a part by chance
        out = model.base_model(**inputs)[0].float()
        return out[real] if out.shape[: real.dim()] == real.shape else out

    try:
        with torch.no_grad(), torch.random.fork_rng():
            try:
                before = read("softmax")
            except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
                if model.main_input_name == "input_ids":
                    raise
                before = None  # images or sounds of another kind
            if hasattr(model, "asks_minent"):
                model.config._attn_implementation = hub.NAME
            else:
                model.set_attn_implementation(hub.NAME)
            after = least = before
            if before is not None:
                after, least = read("softmax"), read("window", window=1)
                if _both(model):  # what is written must not be attended to by windows
                    inputs["encoder_outputs"] = model.base_model.encoder(
                        inputs["input_ids"], attention_mask=inputs["attention_mask"]
                    )
                    if not torch.equal(read("softmax"), read("window", window=1)):
                        raise BadInput(f"the decoder of {name} would attend by windows")
                    del inputs["encoder_outputs"]
                read(**{"kind" if key == "attention" else key: value for key, value in told.items()})
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{name} does not read a text and its mask alone, as lengthened models do: {error}") from error
    finally:
        for part, training in was:
            part.training = training
        for part in parts:
            part.minent_attention = told
    if before is None or after is None or least is None:
        return
    if not (after - before).norm() <= 0.05 * before.norm():
        raise BadInput(f"{name} asks attention for more than minent's do: two short inputs are read differently")
    if told["attention"] != "softmax" and torch.equal(after, least):
        raise BadInput(
            f"no layer of {name} would attend by {told['attention']}: they have windows or masks of their own, or no "
            'attention; take "softmax"'
        )


def _inputs(model: Any) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Two short texts, one of them padded, and which tokens are real; or an image, or sounds."""
    config, kind = model.config, model.main_input_name
    if kind != "input_ids":
        size = getattr(config, "image_size", 224)
        shapes = {
            "pixel_values": (1, getattr(config, "num_channels", 3), *([size] * 2 if isinstance(size, int) else size)),
            "input_features": (2, 200, getattr(config, "num_mel_bins", 80)),
        }
        made = torch.randn(shapes.get(kind, (2, 8000)), generator=torch.Generator().manual_seed(0))
        return {kind: made.to(model.device, model.dtype)}, torch.ones((), dtype=torch.bool)
    own = [x for key, x in config.to_dict().items() if key in ("sliding_window", "local_attention")]
    n = 8 + max([x for x in own if isinstance(x, int) and x < 1024], default=0)  # beyond the model's own windows
    ids = torch.arange(2 * n, device=model.device).view(2, n) % min(
        getattr(config.get_text_config(), "vocab_size", n), n + 5
    )
    real = torch.ones_like(ids)
    real[1, n // 2 :] = 0
    written = {"decoder_input_ids": ids} if _both(model) else {}
    return {"input_ids": ids, "attention_mask": real, **written}, real.bool()
