"""Positions are the papers' waves and turns; embeddings add them, and score tokens by the same weights."""

import math

import pytest
import torch
from torch import Tensor

from minent.errors import BadInput
from minent.nn.positions import Embedding, rotated, waves


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("dim", [1, 2, 5, 8])
def test_waves_are_sines_and_cosines(dim: int):
    slow = []
    for t in range(3, 10):
        turns = [t / 10000 ** (2 * (i // 2) / dim) for i in range(dim)]
        slow.append([math.cos(turn) if i % 2 else math.sin(turn) for i, turn in enumerate(turns)])
    torch.testing.assert_close(waves(3, 7, dim), torch.tensor(slow), rtol=0, atol=1e-5)


def test_pairs_turn_by_their_positions():
    heads, slow = numbers(2, 3, 5, 6), numbers(2, 3, 5, 6)
    for t in range(5):
        for i in range(3):
            turn = (t + 4) / 10000 ** (2 * i / 6)
            x, y = heads[:, :, t, i], heads[:, :, t, i + 3]
            slow[:, :, t, i] = x * math.cos(turn) - y * math.sin(turn)
            slow[:, :, t, i + 3] = y * math.cos(turn) + x * math.sin(turn)
    torch.testing.assert_close(rotated(heads, 4), slow, rtol=0, atol=1e-5)
    torch.testing.assert_close(rotated(heads, 4).norm(dim=3), heads.norm(dim=3), rtol=1e-6, atol=0)


def test_scores_of_turned_vectors_depend_on_distances_only():
    query, key = numbers(1, 1, 1, 8), numbers(1, 1, 1, 8, seed=1)
    scores = {
        (i, j): float((rotated(query, i) * rotated(key, j)).sum()) for i in (0, 1, 7, 100) for j in (0, 1, 3, 9, 102)
    }
    for (i, j), score in scores.items():
        assert score == pytest.approx(float((rotated(query, 200 + i) * rotated(key, 200 + j)).sum()), abs=1e-3)
    assert len({round(score, 2) for score in scores.values()}) > 10


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "rotary", "none"])
def test_an_embedding_in_parts_is_the_whole_one(positions: str):
    torch.manual_seed(0)
    embedding, tokens = Embedding(20, 6, positions=positions, longest=9), torch.arange(18).view(2, 9)
    whole = embedding(tokens)
    parts = torch.cat([embedding(tokens[:, :4]), embedding(tokens[:, 4:], start=4)], dim=1)
    torch.testing.assert_close(parts, whole)
    alike = torch.full((1, 9), 7)
    told = (embedding(alike)[0, 1:] - embedding(alike)[0, :-1]).abs().amax(1)
    assert (told > 1e-3).all() if positions in ("sinusoidal", "learned") else (told == 0).all()
    trained = {name for name, parameter in embedding.named_parameters() if parameter.requires_grad}
    assert trained == {"tokens.weight", "learned"} if positions == "learned" else {"tokens.weight"}


def test_scores_are_inner_products_with_the_tokens():
    embedding, vectors = Embedding(5, 4).double(), numbers(2, 3, 4)
    scores = embedding.scores(vectors)
    for token in range(5):
        slow = (vectors * embedding.tokens.weight[token]).sum(2)
        torch.testing.assert_close(scores[:, :, token], slow)


def test_more_tokens_than_learned_positions_are_refused_by_number():
    embedding = Embedding(10, 4, positions="learned", longest=6)
    embedding(torch.zeros(1, 6, dtype=torch.long))
    for length, start in [(7, 0), (1, 6), (3, 4)]:
        with pytest.raises(BadInput, match=f"for 6 tokens; got {length + start}"):
            embedding(torch.zeros(1, length, dtype=torch.long), start)
    Embedding(10, 4, longest=6)(torch.zeros(1, 50, dtype=torch.long))
