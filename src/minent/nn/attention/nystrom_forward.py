"""Nyström attention forwards: landmarks ask exactly, and what they are answered makes the values that all are given.

    Y = softmax(Q̃Kᵀ)V,  A = softmax(Q̃K̃ᵀ),  A W = Y (see `landmarks`),  O = softmax(QK̃ᵀ)W
with landmarks Q̃, K̃, Ṽ the means of segments (Xiong et al. 2021).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minent.nn.attention.segments import Segments

Heads = Float[Tensor, "batch head n dim"]
Values = Float[Tensor, "batch head n width"]  # as wide as heads, or not


class Plan(NamedTuple):
    """How queries are answered: by which segments, and how landmark values are solved for."""

    groups: Segments
    padding: Tensor | None
    """What to add to scores of keys, so that padding gets no weight."""
    many: Tensor | None
    """What to add to scores of landmark keys, which stand for more or fewer keys."""
    dropout: float
    """The share of weights of landmarks that is dropped."""
    solve: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor | None]]
    """W of A, Y and Ṽ, and the factor of AᵀA + λ for the way back, if any."""


class Between(NamedTuple):
    """All that the way back needs."""

    query: Tensor
    key: Tensor
    value: Tensor
    queries: Tensor
    keys: Tensor
    weights: Tensor
    answers: Tensor
    values: Tensor
    factor: Tensor | None


def attend(query: Heads, key: Heads, value: Values, plan: Plan) -> tuple[Values, Between]:
    """Queries' answers, and what was between; A, Y and W are of float32 or better."""
    groups, exact = plan.groups, torch.promote_types(query.dtype, torch.float32)
    queries, keys, guess = groups.mean(query), groups.mean(key), groups.mean(value)
    answers = F.scaled_dot_product_attention(queries, key, value, plan.padding).to(exact)
    scores = queries.to(exact) @ keys.to(exact).mT * query.shape[3] ** -0.5
    weights = (scores if plan.many is None else scores + plan.many).softmax(-1)
    if groups.real is not None:  # a segment without tokens asks nothing
        weights, answers = weights * groups.real, answers * groups.real
    values, factor = plan.solve(weights, answers, guess.to(exact))
    out = F.scaled_dot_product_attention(query, keys, values.to(query.dtype), plan.many, dropout_p=plan.dropout)
    return out, Between(query, key, value, queries, keys, weights, answers, values, factor)
