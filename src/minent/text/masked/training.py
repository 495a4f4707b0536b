"""A masked language model learns from plain text by the cross entropy −log p(x_t | x with holes) of hidden tokens.

Of the tokens that are chosen eight in ten are masked, one is replaced by any token and one stays (Devlin et al. 2019).
With a share of its own for each text, any from none to all, it learns to fill masks beside masks too, which is what a
sampler that starts from masks asks of it (Ghazvininejad et al. 2019, arXiv:1904.09324).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from torch import Tensor, nn

from minent.data import Batches
from minent.nn.cross_entropy import linear_cross_entropy
from minent.nn.shape import Shape
from minent.text.hub_folder import hub_run
from minent.text.masked.batched import LONGEST, batched, tokenizer_with
from minent.text.masked.model import MaskedLM
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of
from minent.text.options import Masking, Reading
from minent.text.spelling import WIDE
from minent.text.token_ids import most
from minent.text.tokenizer import tokenizer_of
from minent.training import defaults
from minent.training.descent.gradient import seeded
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.records import Record


def new_masked_lm(texts: Sequence[str], shape: Shape, reading: Reading, seed: int = 1) -> MaskedLM:
    """An untrained model, with a tokenizer trained on the texts or given; of characters, where it is not said which and
    most letters are of a script without blanks. Raises BadInput for one without a mask."""
    if reading.tokenizer == "auto":
        reading = replace(reading, tokenizer="characters" if mostly_wide(texts) else "bpe")
    tokenizer = tokenizer_of(texts, reading)
    size = vocabulary_of(tokenizer).size
    shape = shape if shape.longest else shape.settled(max(LONGEST, most(tokenizer, texts, special=True)))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MaskedLM(size, shape)
    model.tokenizer = tokenizer
    return model


def mostly_wide(texts: Sequence[str]) -> bool:
    """Whether most letters of the first texts are Han or kana.

    >>> mostly_wide(["道可道，非常道。"]), mostly_wide(["the way 道"])
    (True, False)
    """
    letters = [c for text in texts[:1000] for c in text if c.isalpha()]
    return sum(re.match(WIDE, c) is not None for c in letters) * 2 > len(letters)


def train_masked_lm(
    model: Any,
    train: Sequence[str],
    dev: Sequence[str] | None = None,
    recipe: Recipe | None = None,
    *,
    masked: float = Masking.masked,
    tokens: int | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
    tokenizer: Any = None,
) -> Iterator[Record]:
    """Train on batches of about `tokens` tokens (None: see `minent.training.defaults`), one record a step (see
    `minent.training.loop.fit`); with a folder, the model is saved there at the end. `dev` gives loss and accuracy, of
    the same holes each time.

    `model` is a `MaskedLM`, or any masked language model of transformers, with its `tokenizer`; one with adapters of
    peft's is saved with these added to its matrices. Texts that are longer
    than it reads are read in pieces."""
    recipe = recipe or Recipe()
    vocabulary = vocabulary_of(tokenizer_with(model, tokenizer))
    batches = batched(model, train, tokens, vocabulary, seed=recipe.seed, tokenizer=tokenizer)
    held = (
        None
        if dev is None
        else batched(model, dev, tokens or defaults.MOST, vocabulary, shuffle=False, tokenizer=tokenizer)
    )
    about = {"masked": masked, "dev data": held and held.fingerprint()["data"]}
    learned = partial(loss, vocabulary=vocabulary, masked=masked)
    judge = None if held is None else partial(evaluate, batches=held, vocabulary=vocabulary, masked=masked)
    run = partial(fit, model, learned, batches, recipe, dev=judge, folder=folder, resume=resume, log=log, about=about)
    if not isinstance(model, MaskedLM):
        yield from hub_run(run, model, tokenizer, folder)
        return
    yield from run()
    if folder is not None and PartialState().is_main_process:
        model.save_pretrained(folder)


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
    bare: Any = model.module if hasattr(model, "module") else model
    if not isinstance(bare, MaskedLM):
        scores, wanted = _scores(model, batch, vocabulary, masked)
        return nn.functional.cross_entropy(scores, wanted, reduction="sum"), len(wanted)
    vectors, wanted = _guesses(model, batch, vocabulary, masked)
    group = torch.zeros_like(wanted)
    total = linear_cross_entropy(vectors, bare.embedding.tokens.weight, wanted, bias=bare.bias[None], group=group)
    return total, len(wanted)


def evaluate(model: Any, batches: Batches, vocabulary: Vocabulary, masked: float) -> dict[str, float]:
    """The mean cross entropy of a hidden token, and the share of them whose likeliest token is theirs."""
    device, total, right, count = next(model.parameters()).device, 0.0, 0, 0
    with seeded(device, 0):
        for batch in batches.epoch(1):
            tensors = {name: torch.from_numpy(array).to(device) for name, array in batch.items()}
            scores, wanted = _scores(model, tensors, vocabulary, masked)
            total += float(nn.functional.cross_entropy(scores, wanted, reduction="sum"))
            right, count = right + int((scores.argmax(1) == wanted).sum()), count + len(wanted)
    return {"loss": total / count, "accuracy": right / count}


def _guesses(model: Any, batch: dict[str, Tensor], vocabulary: Vocabulary, masked: float) -> tuple[Tensor, Tensor]:
    read, chosen = holes(batch["tokens"], vocabulary, masked)
    return model.vectors(read, batch["tokens_mask"])[chosen], batch["tokens"][chosen]


def _scores(model: Any, batch: dict[str, Tensor], vocabulary: Vocabulary, masked: float) -> tuple[Tensor, Tensor]:
    """Logits of the hidden tokens, and which they are."""
    bare: Any = model.module if hasattr(model, "module") else model
    if isinstance(bare, MaskedLM):
        vectors, wanted = _guesses(model, batch, vocabulary, masked)
        return nn.functional.linear(vectors, bare.embedding.tokens.weight, bare.bias).float(), wanted
    read, chosen = holes(batch["tokens"], vocabulary, masked)
    logits = model(input_ids=read, attention_mask=batch["tokens_mask"].long()).logits
    return logits[chosen].float(), batch["tokens"][chosen]
