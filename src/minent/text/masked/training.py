"""A masked language model learns from plain text by the cross entropy −log p(x_t | x with holes) of hidden tokens.

Of the tokens that are chosen eight in ten are masked, one is replaced by any token and one stays (Devlin et al. 2019).
With a share of its own for each text, any from none to all, it learns to fill masks beside masks too, which is what a
sampler that starts from masks asks of it (Ghazvininejad et al. 2019, arXiv:1904.09324).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from torch import Tensor, nn

from minent.data import Batches
from minent.errors import BadInput
from minent.nn.cross_entropy import linear_cross_entropy
from minent.nn.shape import Shape
from minent.text.masked.model import MaskedLM
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of
from minent.text.options import Masking, Reading
from minent.text.token_ids import Cut, encode, most, told
from minent.text.tokenizer import tokenizer_of
from minent.training.descent.gradient import seeded
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.records import Record


def new_masked_lm(texts: Sequence[str], shape: Shape, reading: Reading, seed: int = 1) -> MaskedLM:
    """An untrained model, with a tokenizer trained on the texts or given. Raises BadInput for one without a mask."""
    tokenizer = tokenizer_of(texts, reading)
    size = vocabulary_of(tokenizer).size
    shape = shape if shape.longest else shape.settled(most(tokenizer, texts, special=True))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MaskedLM(size, shape)
    model.tokenizer = tokenizer
    return model


def train_masked_lm(
    model: MaskedLM,
    train: Sequence[str],
    dev: Sequence[str] | None = None,
    recipe: Recipe | None = None,
    *,
    masked: float = Masking.masked,
    tokens: int = 8192,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
) -> Iterator[Record]:
    """Train on batches of about `tokens` tokens, one record a step (see `minent.training.loop.fit`); with a folder, the
    model is saved there at the end. `dev` gives loss and accuracy, of the same holes each time."""
    recipe = recipe or Recipe()
    vocabulary = vocabulary_of(_tokenizer(model))
    cut = Cut(model.shape.longest)
    batches = batched(model, train, tokens, vocabulary, seed=recipe.seed, cut=cut)
    held = None if dev is None else batched(model, dev, tokens, vocabulary, shuffle=False)
    about, cuts = {"masked": masked, "dev data": held and held.fingerprint()["data"]}, {"text": cut}
    learned = partial(loss, vocabulary=vocabulary, masked=masked)
    judge = None if held is None else partial(evaluate, batches=held, vocabulary=vocabulary, masked=masked)
    yield from fit(
        model, learned, batches, recipe, dev=judge, folder=folder, resume=resume, log=log, about=about, told=told(cuts)
    )
    if folder is not None and PartialState().is_main_process:
        model.save_pretrained(folder)


def batched(
    model: MaskedLM,
    texts: Sequence[str],
    tokens: int,
    vocabulary: Vocabulary,
    seed: int = 1,
    shuffle: bool = True,
    cut: Cut | None = None,
) -> Batches:
    """Texts as batches of numbers, with what opens and closes them, cut to the model's longest, as `cut` tells; those
    without a token, or with unknown ones only, have nothing to guess and are left out. Raises BadInput where no other
    is left."""
    none = set(vocabulary.special)
    read = encode(_tokenizer(model), texts, model.shape.longest, special=True, cut=cut)
    rows = [ids for ids in read if not none.issuperset(ids.tolist())]
    if not rows:
        raise BadInput(f"a masked language model learns from texts; got {len(texts)} without a token that it knows")
    return Batches(
        {"tokens": rows}, tokens=max(tokens, model.shape.longest), seed=seed, shuffle=shuffle, pad=vocabulary.pad
    )


def holes(tokens: Tensor, vocabulary: Vocabulary, masked: float) -> tuple[Tensor, Tensor]:
    """What is read in place of `tokens` (batch, n), and where it is to be guessed: at least one token of each text."""
    special = torch.tensor(vocabulary.special, device=tokens.device)
    chance = torch.rand(tokens.shape, device=tokens.device).masked_fill(torch.isin(tokens, special), 2.0)
    share = torch.rand(len(tokens), 1, device=tokens.device) if masked == 0 else masked
    chosen = (chance < share) | (chance == chance.amin(1, keepdim=True)) & (chance < 1)
    way = torch.rand(tokens.shape, device=tokens.device)
    known = torch.ones(vocabulary.size, dtype=torch.bool, device=tokens.device).index_fill(0, special, False).nonzero()
    other = known[torch.randint(len(known), tokens.shape, device=tokens.device), 0]
    read = torch.where(chosen & (way < 0.8), vocabulary.mask, tokens)
    return torch.where(chosen & (way >= 0.9), other, read), chosen


def loss(model: nn.Module, batch: dict[str, Tensor], vocabulary: Vocabulary, masked: float) -> tuple[Tensor, int]:
    """The cross entropies of the tokens to be guessed, summed, and how many they are."""
    vectors, wanted = _guesses(model, batch, vocabulary, masked)
    bare: Any = model.module if hasattr(model, "module") else model
    group = torch.zeros_like(wanted)
    total = linear_cross_entropy(vectors, bare.embedding.tokens.weight, wanted, bias=bare.bias[None], group=group)
    return total, len(wanted)


def evaluate(model: Any, batches: Batches, vocabulary: Vocabulary, masked: float) -> dict[str, float]:
    """The mean cross entropy of a hidden token, and the share of them whose likeliest token is theirs."""
    device, total, right, count = model.bias.device, 0.0, 0, 0
    with seeded(device, 0):
        for batch in batches.epoch(1):
            tensors = {name: torch.from_numpy(array).to(device) for name, array in batch.items()}
            vectors, wanted = _guesses(model, tensors, vocabulary, masked)
            scores = nn.functional.linear(vectors, model.embedding.tokens.weight, model.bias).float()
            total += float(nn.functional.cross_entropy(scores, wanted, reduction="sum"))
            right, count = right + int((scores.argmax(1) == wanted).sum()), count + len(wanted)
    return {"loss": total / count, "accuracy": right / count}


def _guesses(model: Any, batch: dict[str, Tensor], vocabulary: Vocabulary, masked: float) -> tuple[Tensor, Tensor]:
    read, chosen = holes(batch["tokens"], vocabulary, masked)
    return model.vectors(read, batch["tokens_mask"])[chosen], batch["tokens"][chosen]


def _tokenizer(model: MaskedLM) -> Any:
    if model.tokenizer is None:
        raise BadInput("a model reads and writes with its tokenizer; this one has none: set model.tokenizer")
    return model.tokenizer
