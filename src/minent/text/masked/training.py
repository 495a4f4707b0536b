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
from secrets import token_hex
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from tokenizers import Tokenizer
from torch import Tensor, nn

from minent import kernels
from minent.data import Batches
from minent.data.ragged import Ragged
from minent.errors import BadInput
from minent.files import whole_folder
from minent.nn.cross_entropy import linear_cross_entropy
from minent.nn.evaluating import evaluating
from minent.nn.shape import Shape
from minent.text.masked.asked import longest_text, tokens_known
from minent.text.masked.model import MaskedLM
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of
from minent.text.options import Masking, Reading
from minent.text.spelling import WIDE
from minent.text.token_ids import arrayed, most, together, token_array
from minent.text.tokenizer import tokenizer_of
from minent.training.descent.gradient import seeded
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.records import Record

LONGEST = 512  # tokens that a model reads at least, where it is not said: what it draws may be longer than its texts


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
    tokens: int = 8192,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
    tokenizer: Any = None,
) -> Iterator[Record]:
    """Train on batches of about `tokens` tokens, one record a step (see `minent.training.loop.fit`); with a folder, the
    model is saved there at the end. `dev` gives loss and accuracy, of the same holes each time.

    `model` is a `MaskedLM`, or any masked language model of transformers, with its `tokenizer`. Texts that are longer
    than it reads are read in pieces."""
    recipe = recipe or Recipe()
    vocabulary = vocabulary_of(_tokenizer(model, tokenizer))
    batches = batched(model, train, tokens, vocabulary, seed=recipe.seed, tokenizer=tokenizer)
    held = None if dev is None else batched(model, dev, tokens, vocabulary, shuffle=False, tokenizer=tokenizer)
    about = {"masked": masked, "dev data": held and held.fingerprint()["data"]}
    learned = partial(loss, vocabulary=vocabulary, masked=masked)
    judge = None if held is None else partial(evaluate, batches=held, vocabulary=vocabulary, masked=masked)
    yield from fit(model, learned, batches, recipe, dev=judge, folder=folder, resume=resume, log=log, about=about)
    if folder is not None and PartialState().is_main_process:
        with whole_folder(folder) as half:
            model.save_pretrained(half)
            if tokenizer is not None and hasattr(tokenizer, "save_pretrained"):
                tokenizer.save_pretrained(half)


def batched(
    model: Any,
    texts: Sequence[str],
    tokens: int,
    vocabulary: Vocabulary,
    seed: int = 1,
    shuffle: bool = True,
    tokenizer: Any = None,
) -> Batches:
    """Texts as batches of numbers, with what opens and closes them, in pieces of the model's longest; those without a
    token, or with unknown ones only, have nothing to guess and are left out. Raises BadInput where no other is left."""
    none, kind = set(vocabulary.special), _tokenizer(model, tokenizer)
    if isinstance(kind, Tokenizer):
        read, how = token_array(kind, texts), kind.to_str()
    else:
        vocabulary = vocabulary.within(tokens_known(model))
        told = (
            kind.backend_tokenizer.to_str() if getattr(kind, "is_fast", False) else token_hex()
        )  # slow ones tell less
        how = f"{vocabulary.size} {told}"
        read = arrayed(texts, together(np.array(vocabulary.encode(text)[0], np.int32) for text in texts), how)
    reads = longest(model, vocabulary.pad)
    room = reads - len(vocabulary.before) - len(vocabulary.after)
    if room < 1:
        raise BadInput(f"the model reads {reads} tokens, and none of a text among what frames it")
    frame = vocabulary.before, vocabulary.after
    kept = (ids for ids in _pieces(read, room) if not none.issuperset(ids))
    framed = (np.array([*frame[0], *ids, *frame[1]], np.int32) for ids in kept)
    rows = arrayed(texts, together(framed), f"{how} {room} {frame} {vocabulary.special}")
    if not len(rows):
        raise BadInput(f"a masked language model learns from texts; got {len(texts)} without a token that it knows")
    if (pieces := int((-(-read.lengths // room)).sum())) > len(read):
        kernels.log.warning("%d texts are read in %d pieces of at most %d tokens", len(read), pieces, room)
    return Batches({"tokens": rows}, tokens=max(tokens, reads), seed=seed, shuffle=shuffle, pad=vocabulary.pad)


def _pieces(read: Ragged, room: int) -> Iterator[list[int]]:
    for lengths, flat in read.parts():
        end = 0
        for length in lengths.tolist():
            start, end = end, end + length
            yield from (flat[i : min(i + room, end)].tolist() for i in range(start, end, room))


def longest(model: Any, pad: int) -> int:
    """The most tokens of a piece, with what frames it: what the model reads, or LONGEST where it reads any number."""
    if isinstance(model, MaskedLM):
        return model.shape.longest
    with evaluating(model):
        return longest_text(model, tokens_known(model), pad) or LONGEST


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


def _tokenizer(model: Any, tokenizer: Any = None) -> Any:
    found = getattr(model, "tokenizer", None) if tokenizer is None else tokenizer
    if found is None:
        raise BadInput("a model reads and writes with its tokenizer; this one has none: set model.tokenizer")
    return found
