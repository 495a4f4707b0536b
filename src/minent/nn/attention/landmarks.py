"""What landmark queries answer tells what landmark values should be: two ways to solve A W = Y, given A and Y.

A = softmax(Q̃K̃ᵀ) weighs landmark keys for landmark queries, whose exact answers are Y = softmax(Q̃Kᵀ)V. W are values to
put on the landmark keys, so that all queries are answered by softmax(QK̃ᵀ)W.

`ridge` (ours): the segment means Ṽ of the values are a first guess, corrected as far as the answers tell:
    W = argmin ‖A W − Y‖² + λ‖W − Ṽ‖² = Ṽ + (AᵀA + λ)⁻¹ Aᵀ(Y − A Ṽ)
Where segments are single tokens Ṽ is right already, Y = A Ṽ, and attention is exact. Backwards, with E = Y − A W and
Z = (AᵀA + λ)⁻¹ dW:  dA = E Zᵀ − A Z Wᵀ,  dY = A Z,  dṼ = λ Z.

`newton` (Xiong et al. 2021): W = A⁺Y with a pseudo-inverse by six iterations of fourth order, which stop short of it:
    Z₀ = Aᵀ / (‖A‖₁‖A‖∞),  Z ← ¼ Z(13 − A Z(15 − A Z(7 − A Z)))
"""

import torch
from jaxtyping import Float
from torch import Tensor

Matrix = Float[Tensor, "batch head m m"]
Values = Float[Tensor, "batch head m dim"]
RIDGE = 0.005  # near the best for smooth, rough and random inputs alike, 32 to 128 landmarks (docs/attention.md)


def ridge(weights: Matrix, answers: Values, guess: Values, strength: float) -> Values:
    """The landmark values nearest to `guess` that explain the `answers`; λ = `strength`. In float32 or better.

    >>> identity, guess = torch.eye(2)[None, None], torch.zeros(1, 1, 2, 1)
    >>> ridge(identity, guess + 3, guess, 0.5).flatten().round(decimals=4).tolist()
    [2.0, 2.0]
    """
    if not torch.compiler.is_exporting():
        return solve(weights, answers, guess, strength)[0]
    return guess + _inverse(_gram(weights, strength)) @ (weights.mT @ (answers - weights @ guess))


def _gram(weights: Matrix, strength: float) -> Matrix:
    """AᵀA + λ."""
    return weights.mT @ weights + strength * torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)


def _inverse(gram: Matrix, iterations: int = 24) -> Matrix:
    """The inverse of a positive definite matrix by products alone (Schulz 1933), for formats that have no Cholesky
    factor (ONNX): X ← X(2 − G X), the error squared each time. 24 are enough for conditions of up to 10⁶."""
    identity = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    inverse = identity / gram.abs().sum(-1).amax(-1)[..., None, None]
    for _ in range(iterations):
        inverse = inverse @ (2 * identity - gram @ inverse)
    return inverse


def solve(weights: Matrix, answers: Values, guess: Values, strength: float) -> tuple[Values, Matrix]:
    """W, and the Cholesky factor of AᵀA + λ."""
    factor = torch.linalg.cholesky_ex(_gram(weights, strength))[0]
    return guess + torch.cholesky_solve(weights.mT @ (answers - weights @ guess), factor), factor


def solve_backward(
    gradient: Values, weights: Matrix, answers: Values, values: Values, factor: Matrix, strength: float
) -> tuple[Matrix, Values, Values]:
    """dA, dY and dṼ of `solve` from dW."""
    solved = torch.cholesky_solve(gradient, factor)
    by_answers = weights @ solved
    by_weights = (answers - weights @ values) @ solved.mT - by_answers @ values.mT
    return by_weights, by_answers, strength * solved


def newton(weights: Matrix, answers: Values, iterations: int = 6) -> Values:
    """The landmark values of the paper; each matrix starts from its own norms, whatever else is in the batch.

    >>> newton(torch.eye(2)[None, None], torch.ones(1, 1, 2, 1)).flatten().tolist()
    [1.0, 1.0]
    """
    one, infinity = weights.abs().sum(-2).amax(-1), weights.abs().sum(-1).amax(-1)
    identity = torch.eye(weights.shape[-1], device=weights.device, dtype=weights.dtype)
    inverse = weights.mT / (one * infinity).clamp(min=torch.finfo(weights.dtype).tiny)[..., None, None]
    for _ in range(iterations):
        product = weights @ inverse
        inverse = inverse / 4 @ (13 * identity - product @ (15 * identity - product @ (7 * identity - product)))
    return inverse @ answers
