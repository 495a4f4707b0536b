"""How likely a masked language model holds a text, token by token and word by word; and what it would put into gaps.

    log p(w) = Σ_{t in w} log p(x_t | x without x_t and what follows it in w)
Hiding the rest of its word keeps a token from being told by its own pieces (Kauf & Ivanova 2023, arXiv:2305.10588,
within_word_l2r, as in minicons); for words of one token it is the pseudo-log-likelihood of Salazar et al. 2020. The sum
over a text is no probability: it adds up to 1 over nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

import torch

from minent.errors import BadInput
from minent.text.masked.conditionals import conditionals_of
from minent.text.masked.energy import ROWS, framed
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of
from minent.text.masked.words import words_of


@dataclass(frozen=True)
class Likelihood:
    """Of a text: its words, the log p of each in nats, and how many tokens they are."""

    text: str
    words: list[str]
    log_p: list[float]
    tokens: list[int]

    @property
    def total(self) -> float:
        """The sum over all words, in nats."""
        return sum(self.log_p)

    @property
    def mean(self) -> float:
        """The mean over tokens; NaN for a text without any."""
        return self.total / sum(self.tokens) if self.tokens else float("nan")

    @property
    def perplexity(self) -> float:
        """exp(−mean)."""
        return exp(-self.mean)


def _asked(model: Any, tokenizer: Any, precision: str = "fp32") -> tuple[Any, Vocabulary]:
    vocabulary = vocabulary_of(getattr(model, "tokenizer", None) if tokenizer is None else tokenizer)
    conditionals = conditionals_of(model, vocabulary, precision)
    return conditionals, vocabulary.within(conditionals.tokens) if conditionals.tokens else vocabulary


def likelihoods(model: Any, texts: Iterable[str] | Mapping[int, str], tokenizer: Any = None) -> list[Likelihood]:
    """What the model says of each text, in their order; texts may be given by their rows. Raises BadInput for one that
    is longer than it reads, for one with a mask, and for tokens that it does not know."""
    conditionals, vocabulary = _asked(model, tokenizer)
    room = conditionals.longest - len(vocabulary.before) - len(vocabulary.after)
    kind, numbered = ("row", texts) if isinstance(texts, Mapping) else ("text", dict(enumerate(texts, 1)))
    listed, jobs, words = list(numbered.values()), [], []
    for number, (name, text) in enumerate(numbered.items()):
        ids, spans = vocabulary.encode(text)
        if conditionals.longest and len(ids) > room:
            raise BadInput(f"the model reads at most {room} tokens; {kind} {name} has {len(ids)}")
        if vocabulary.mask in ids:
            raise BadInput(f"a mask has no likelihood, and {kind} {name} holds one: ask for its gaps")
        ranges = list(words_of(text, spans)) if spans else [(i, i + 1) for i in range(len(ids))]
        words.append((ids, spans, ranges))
        jobs += [(number, i, end) for start, end in ranges for i in range(start, end)]
    jobs.sort(key=lambda job: len(words[job[0]][0]))
    said: dict[tuple[int, int], float] = {}
    for start in range(0, len(jobs), ROWS):
        some = jobs[start : start + ROWS]
        rows = [[*words[n][0][:i], *[vocabulary.mask] * (end - i), *words[n][0][end:]] for n, i, end in some]
        tokens, _ = framed(rows, vocabulary, conditionals.device)
        sites = torch.tensor([[i + len(vocabulary.before)] for _, i, _ in some], device=tokens.device)
        wanted = torch.tensor([[words[n][0][i]] for n, i, _ in some], device=tokens.device)
        found = conditionals(tokens, sites)[:, 0].double().log_softmax(1).gather(1, wanted)[:, 0].tolist()
        if any(one != one for one in found):
            raise BadInput("the model's logits of a text are NaN: it has no likelihood")
        said |= {(n, i): one for (n, i, _), one in zip(some, found, strict=True)}
    return [
        Likelihood(
            text,
            [text[spans[a][0] : spans[b - 1][1]].strip() if spans else vocabulary.decode(ids[a:b]) for a, b in ranges],
            [sum(said[number, i] for i in range(a, b)) for a, b in ranges],
            [b - a for a, b in ranges],
        )
        for number, (text, (ids, spans, ranges)) in enumerate(zip(listed, words, strict=True))
    ]


def likeliest(model: Any, template: str, tokenizer: Any = None, top: int = 5) -> list[list[tuple[str, float]]]:
    """For each gap of a template (春__，__人), all of them hidden together, its likeliest tokens, and p of each. Raises
    BadInput where there is no gap."""
    conditionals, vocabulary = _asked(model, tokenizer)
    tokens, inner = framed([vocabulary.template(template)], vocabulary, conditionals.device)
    sites = (inner & (tokens == vocabulary.mask)).nonzero()[:, 1][None]
    if not sites.numel():
        raise BadInput(f"a gap is a _ in a text; got none in {template!r}")
    if conditionals.longest and tokens.shape[1] > conditionals.longest:
        raise BadInput(f"the model reads at most {conditionals.longest} tokens; got {tokens.shape[1]}")
    p = conditionals(tokens, sites)[0].double().softmax(1)
    p[:, list(vocabulary.never)] = 0
    best = p[:, : vocabulary.size].topk(min(top, vocabulary.size), 1)
    return [
        [(vocabulary.decode([i]).strip(), share) for share, i in zip(*row, strict=True)]
        for row in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]


def ranked(model: Any, texts: Sequence[str], tokenizer: Any = None) -> list[float]:
    """By what texts are ranked: the mean log p of a token; those that the model cannot read come last."""
    return [one.mean if one.tokens else float("-inf") for one in likelihoods(model, texts, tokenizer)]
