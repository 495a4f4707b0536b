"""Attention in linear time: what each query is answered follows from the exact answers to a few landmark queries.

    softmax(QKᵀ)V ≈ softmax(QK̃ᵀ) W,   W from  softmax(Q̃K̃ᵀ) W = softmax(Q̃Kᵀ)V,   + a convolution of V as a skip
with landmarks Q̃, K̃ the means of m segments (Xiong et al. 2021, Nyströmformer). Of the cost n² only n·m is left. Padding
has no part in it, samples of a batch have nothing to do with one another, and any length will do.
"""

from contextlib import nullcontext
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from minent.errors import BadInput
from minent.nn.attention.convolution import add_slide
from minent.nn.attention.heads import (
    Cache,
    by_hand,
    check_mask,
    check_tokens,
    head_size,
    ignoring,
    joined,
    kept,
    plainly,
    share,
    split,
    whole,
)  # fmt: skip
from minent.nn.attention.landmarks import RIDGE, newton, ridge
from minent.nn.attention.nystrom_backward import ByHand
from minent.nn.attention.nystrom_forward import Heads, Plan, Values, attend
from minent.nn.attention.segments import segments
from minent.nn.attention.softmax import softmax_attention
from minent.nn.positions import rotated

Solver = Literal["ridge", "newton"]
SOLVERS = {
    "ridge": lambda weights, answers, guess: (ridge(weights, answers, guess, RIDGE), None),
    "newton": lambda weights, answers, _: (newton(weights, answers), None),
}


def nystrom_attention(
    query: Heads,
    key: Heads,
    value: Values,
    landmarks: int = 64,
    *,
    padding_mask: Bool[Tensor, "batch n"] | None = None,
    solver: Solver = "ridge",
    dropout: float = 0.0,
    scale: float | None = None,
) -> Values:
    """softmax(QKᵀ/√dim)V, approximately, in time and memory proportional to n · landmarks.

    `padding_mask` (batch, n) is True for real tokens; what comes out where it is False means nothing. `solver`: "ridge"
    (ours, more exact and cheaper) or "newton" (the paper's six iterations). With no more real tokens than landmarks,
    ridge is exact; a sequence not longer than `landmarks` gets softmax attention itself. `dropout`: the share of
    landmarks' weights that is dropped. `scale`: of scores, 1/√dim where not given. Raises BadInput for keys and values
    of other tokens, and options that none can be.

    >>> q, k, v = torch.randn(3, 1, 2, 100, 8, generator=torch.Generator().manual_seed(0))
    >>> exact = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    >>> bool((nystrom_attention(q, k, v, 100) - exact).abs().max() < 1e-5)
    True
    """
    n = query.shape[2]
    if key.shape[2] != n or value.shape[2] != n:
        raise BadInput(f"queries, keys and values are of the same tokens; got {n}, {key.shape[2]}, {value.shape[2]}")
    if n == 0:
        return value
    landmarks = check_options(landmarks, solver)
    check_mask(padding_mask, len(query), n)
    query, key, value = (kept(x, padding_mask) for x in (query, key, value))
    if scale is not None:
        query = query * (scale * query.shape[3] ** 0.5)
    if torch.compiler.is_compiling() and solver == "ridge":  # the same plan for every length: no segment is left out
        if padding_mask is None:
            padding_mask = torch.ones(1, n, dtype=torch.bool, device=query.device)
    elif n <= landmarks:
        return _free(softmax_attention(query, key, value, ignoring(padding_mask, query.dtype), dropout=dropout))
    groups = segments(n, landmarks, padding_mask, query.device)
    plan = Plan(groups, ignoring(padding_mask, query.dtype), groups.stands_for(query.dtype), dropout, SOLVERS[solver])
    with torch.autocast(query.device.type, enabled=False):
        if plainly():
            with nullcontext() if torch.compiler.is_compiling() else sdpa_kernel(SDPBackend.MATH):
                return attend(query, key, value, plan)[0]
        if solver == "ridge" and by_hand(query) and torch.is_grad_enabled() and not dropout:
            return ByHand.apply(query, key, value, plan)  # type: ignore
        return _free(attend(query, key, value, plan)[0])


def check_options(landmarks: int, solver: str) -> int:
    """How many landmarks; raises BadInput for options that none can be."""
    if solver not in SOLVERS:
        raise BadInput(f"the solver is 'ridge' or 'newton'; got {solver!r}")
    return whole("landmarks", landmarks)


def _free(out: Tensor) -> Tensor:
    """A result that may be written to, as `add_slide` does on a CPU; scaled_dot_product_attention keeps its own for the
    way back."""
    return out.clone() if out.requires_grad and by_hand(out) else out


class Nystrom(nn.Module):
    """Multi-head attention in linear time, as a drop-in for self-attention over whole sequences.

    `kernel`: the odd length of the convolution of the values that is added (0: none). `rotary`, `dropout`: as in
    Softmax. It is faster than softmax from some 500 tokens on. Source: Xiong et al. 2021; the solver "ridge" is ours.

    >>> attention = Nystrom(8, 2, landmarks=4)
    >>> attention(torch.zeros(1, 30, 8)).shape
    torch.Size([1, 30, 8])
    >>> attention(torch.zeros(1, 30, 8), causal=True)
    Traceback (most recent call last):
    minent.errors.BadInput: Nyström attention sees whole sequences: ...
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        landmarks: int = 64,
        kernel: int = 33,
        solver: Solver = "ridge",
        rotary: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__()
        if head_size(dim, heads) % 2 and rotary:
            raise BadInput(f"rotary positions turn pairs; {heads} heads of a width of {dim} are of odd width")
        landmarks = check_options(landmarks, solver)
        if whole("kernel", kernel, 0) and kernel % 2 == 0:
            raise BadInput(f"the convolution has an odd kernel, or 0 for none; got {kernel}")
        self.dim, self.heads, self.landmarks = dim, heads, landmarks
        self.rotary, self.dropout = rotary, share("dropout", dropout)
        self.solver: Solver = solver
        self.query, self.key, self.value, self.out = (nn.Linear(dim, dim) for _ in range(4))
        self.filter = nn.Parameter(torch.randn(heads, kernel) * kernel**-0.5 / 3) if kernel else None

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        memory: Float[Tensor, "batch k dim"] | None = None,
        padding_mask: Bool[Tensor, "batch n"] | None = None,
        causal: bool = False,
        cache: Cache | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """`padding_mask` (batch, n) is True for real tokens. Raises BadInput for a causal mask, a memory or a cache."""
        if causal or cache is not None:
            raise BadInput(
                "Nyström attention sees whole sequences: a landmark is a mean of tokens, later ones among them, so it "
                'cannot be causal or decode step by step; use "softmax" or "synthesizer"'
            )
        if memory is not None:
            raise BadInput('Nyström attention is of one sequence with itself, not with a memory; use "softmax"')
        check_tokens(x, self.dim)
        check_mask(padding_mask, len(x), x.shape[1])
        x = kept(x, padding_mask)
        query, key, value = (split(linear(x), self.heads) for linear in (self.query, self.key, self.value))
        if self.rotary:
            query, key = rotated(query), rotated(key)
        out = nystrom_attention(
            query, key, value, self.landmarks, padding_mask=padding_mask, solver=self.solver,
            dropout=self.dropout if self.training else 0.0,
        )  # fmt: skip
        if self.filter is not None:
            real = value if padding_mask is None else value * padding_mask[:, None, :, None]
            out = add_slide(out, real, self.filter.to(value.dtype))
        return self.out(joined(out))
