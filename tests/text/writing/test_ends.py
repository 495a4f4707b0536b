"""Texts written from both ends at once are those that running the whole model for every pair of beginnings finds."""

import pytest
import torch
from naive import ends as naive

from minent.nn.shape import Shape
from minent.text.options import Search
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.write import written

END = 3
SHAPE = Shape(dim=16, heads=2, layers=2, hidden=32, dropout=0.0)
SOURCES = [torch.tensor([source]) for source in ([4, 1, END, 2], [END, 2, 2], [4, 1, 0, 1, 2, END], [4, END])]


def model(decoder, vocabulary=12, seed=0, ending=0.0):
    """`ending` is what is added to the score of the end."""
    torch.manual_seed(seed)
    made = Seq2Seq(vocabulary, SHAPE, decoder, interaction=1.0, copy=True, end=END).eval()
    with torch.no_grad():  # far from uniform, so that what is read matters
        for parameter in made.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2.0)
        made.copying[END] = ending
    return made


def searched(made, sources=SOURCES[:1], **search):
    return written(made, [source[0].numpy() for source in sources], Search(judge="own", **search))


def assert_same(found, expected):
    assert [h.tokens for h in found] == [tokens for _, tokens, *_ in expected]
    assert [h.score for h in found] == pytest.approx([score for score, *_ in expected], abs=1e-4)


@pytest.fixture(autouse=True)
def without_gradients():
    with torch.no_grad():
        yield


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("ending", [0.0, 6.0])
@pytest.mark.parametrize("penalty", [1.0, 0.5])
def test_pairwise_search_finds_what_running_every_pair_of_beginnings_finds(k, ending, penalty):
    for seed in range(3):
        made = model("bidirectional", seed=seed, ending=ending)
        found = searched(made, beam=k, pairwise=True, longest=6, length_penalty=penalty)[0]
        expected = naive.pairwise(made, SOURCES[0], k, 6, penalty)
        assert_same(found, expected)
        assert [h.direction for h in found] == [direction for *_, direction in expected]


def test_sentences_searched_together_stop_each_in_its_own_time():
    made, lengths = model("bidirectional", seed=3, ending=6.0), set()
    for source, found in zip(SOURCES, searched(made, SOURCES, beam=2, pairwise=True, longest=8), strict=True):
        assert_same(found, naive.pairwise(made, source, 2, 8, 1.0))
        lengths.add(max(len(h.tokens) for h in found))
    assert len(lengths) > 1


def test_pairwise_search_of_one_beginning_is_the_ordinary_search():
    for seed in range(4):
        made = model("bidirectional", seed=seed)
        found, ordinary = (searched(made, beam=1, longest=6, pairwise=pairwise)[0] for pairwise in (True, False))
        assert_same(found, [(h.score, h.tokens) for h in ordinary])


def test_pairwise_search_of_two_beginnings_is_another_than_the_ordinary():
    made = model("bidirectional")
    found, ordinary = (searched(made, beam=2, longest=6, pairwise=pairwise)[0][0] for pairwise in (True, False))
    assert abs(found.score - ordinary.score) > 1e-3


@pytest.mark.parametrize(
    ("longest", "vocabulary", "ending", "penalty"),
    [(2, 8, 0.0, 1.0), (3, 7, 0.0, 0.0), (3, 5, 6.0, 1.0), (4, 5, 0.0, 1.0)],
)
def test_halves_that_meet_are_the_best_of_all_pairs(longest, vocabulary, ending, penalty):
    made = model("to-middle", vocabulary, longest, ending)
    found = searched(made, beam=500, longest=longest, length_penalty=penalty)[0]
    assert_same(found[:5], naive.met(made, SOURCES[0], vocabulary, longest, penalty)[:5])


def test_a_text_of_one_token_at_most_is_written_by_the_left_half():
    made = model("to-middle", 8)
    assert_same(searched(made, beam=500, longest=1)[0][:5], naive.met(made, SOURCES[0], 8, 1, 1.0)[:5])


def test_halves_that_meet_do_not_depend_on_the_batch():
    made = model("to-middle", 5, ending=4.0)
    for source, found in zip(SOURCES, searched(made, SOURCES, beam=500, longest=3), strict=True):
        assert_same(found[:5], naive.met(made, source, 5, 3, 1.0)[:5])


@pytest.mark.parametrize(("longest", "vocabulary"), [(1, 8), (2, 8), (3, 5)])
def test_probabilities_of_all_pairs_of_halves_add_up_to_one(longest, vocabulary):
    made = model("to-middle", vocabulary)
    assert naive.total_probability(made, SOURCES[0], vocabulary, longest) == pytest.approx(1, abs=1e-5)


def test_halves_of_targets_are_first_tokens_and_last_ones_reversed():
    generator, made = torch.Generator().manual_seed(0), model("to-middle")
    for width in range(1, 7):
        lengths = [width, *torch.randint(0, width + 1, (4,), generator=generator).tolist()]
        texts = [torch.randint(4, 12, (n,), generator=generator).tolist() for n in lengths]
        target = torch.tensor([text + [0] * (width - len(text)) for text in texts])
        mask = torch.tensor([[t < n for t in range(width)] for n in lengths])
        history, real = made.histories(target, mask)
        expected = naive.split(texts)
        assert [row[there].tolist() for row, there in zip(history, real, strict=True)] == expected
        assert real.tolist() == [[t < len(half) for t in range(history.shape[1])] for half in expected]
