"""What chains reach, on state spaces so small that it can be enumerated: each law, and not another."""

from collections import Counter
from functools import reduce

import numpy as np
import pytest
import torch
from naive.masked_models import (
    MASK,
    PAD,
    Consistent,
    Inconsistent,
    distance,
    energy,
    noise,
    site_kernel,
    stationary,
    texts,
    vocabulary,
)  # fmt: skip

from minent.text.draw import weights
from minent.text.gibbs import Gibbs, edit, metropolis
from minent.text.gibbs.constraints import no_repeats, one_of, only
from minent.text.gibbs.start import FREE, INSIDE, WORD

CHAINS = 4000


def reached(model, size, **options):
    """The shares of all texts among the last states of many chains, each a draw of its own."""
    options = {"length": "4", "chains": CHAINS, "sweeps": 15, "burn_in": 14, "thin": 1, **options}
    (state,) = Gibbs(model, vocabulary(size), **options)
    count = Counter(tuple(ids.tolist()) for ids in state.ids)
    n = len(state.ids[0])
    return np.array([count[text] for text in texts(size, n)]) / CHAINS


@pytest.mark.parametrize("schedule", ["random", "sweep", "block"])
def test_gibbs_reaches_the_joint_law_of_consistent_conditionals(schedule):
    model, other = Consistent(3, 4, seed=1), Consistent(3, 4, seed=2)
    found = reached(model, 3, schedule=schedule, block=2 if schedule == "block" else 0)
    law = model.law()
    assert distance(law, np.full(81, 1 / 81)) > 0.2
    assert distance(found, law) < noise(law, CHAINS)
    for wrong in (other.law(), law**1.2 / (law**1.2).sum(), np.roll(law, 1)):
        assert distance(found, wrong) > noise(wrong, CHAINS)


def test_masks_filled_once_in_any_order_are_a_draw_of_the_joint_law_and_several_a_step_are_not():
    law = Consistent(3, 4, seed=1, strength=2.0).law()
    once = reached(Consistent(3, 4, seed=1, strength=2.0), 3, schedule="once", burn_in=0)
    assert distance(once, law) < noise(law, CHAINS)
    blocks = reached(Consistent(3, 4, seed=1, strength=2.0), 3, schedule="once", block=2, burn_in=0)
    assert distance(blocks, law) < noise(law, CHAINS)
    together = reached(Consistent(3, 4, seed=1, strength=2.0), 3, schedule="once", steps=1, burn_in=0)
    table = law.reshape(3, 3, 3, 3)
    apart = reduce(np.multiply.outer, [table.sum(tuple({0, 1, 2, 3} - {i})) for i in range(4)]).reshape(-1)
    assert distance(together, apart) < noise(apart, CHAINS)
    assert distance(together, law) > noise(law, CHAINS)


def differing(size, n):
    """Texts in which no token stands twice and the last is not 2: by a relation and by a place."""
    return np.array([len(set(text)) == n and text[-1] != 2 for text in texts(size, n)])


@pytest.mark.parametrize("correct", ["none", "raw", "normalised"])
@pytest.mark.parametrize("schedule", ["random", "sweep"])
def test_within_constraints_chains_reach_the_law_of_before_given_that_they_hold(schedule, correct):
    size, n = 5, 3
    model = Consistent(size, n, seed=3) if correct == "none" else Inconsistent(size, seed=4)
    last = torch.arange(size + 2) != 2
    held = [no_repeats(size + 2), only(last, [-1])]
    slow = 60 if correct != "none" else 20  # half of the draws are refused
    found = reached(
        model, size, length="3", schedule=schedule, correct=correct, constraints=held, sweeps=slow, burn_in=slow - 1
    )
    before = model.law() if correct == "none" else target(model, texts(size, n), correct, 1.0)
    law = before * differing(size, n)
    law /= law.sum()
    assert 0.1 < before[differing(size, n)].sum() < 0.7
    assert distance(found, law) < noise(law, CHAINS)
    even = (law > 0) / (law > 0).sum()
    assert distance(found, even) > noise(even, CHAINS)


def test_a_class_that_two_places_share_stays_and_within_it_the_law_is_the_one_of_before():
    model, ways = Consistent(4, 3, seed=3), torch.zeros(2, 2, 6, dtype=torch.bool)
    ways[0, :, 2:4], ways[1, :, 4:6] = True, True
    found = reached(model, 4, length="3", constraints=[one_of(ways, [0, -1])], sweeps=20, burn_in=19)
    low = np.array([text[0] < 4 and text[-1] < 4 for text in texts(4, 3)])
    high = np.array([text[0] > 3 and text[-1] > 3 for text in texts(4, 3)])
    assert found[low].sum() + found[high].sum() == pytest.approx(1)
    for part in (low, high):
        law, count = model.law() * part / model.law()[part].sum(), round(found[part].sum() * CHAINS)
        assert count > 500
        assert distance(found * part / found[part].sum(), law) < noise(law, count)


def test_tokens_of_a_block_drawn_apart_would_reach_another_law():
    """Why those of a block are drawn one after another: each by its own marginal, dependence within it is lost."""
    law = Consistent(3, 4, seed=1).law()
    joint = law.reshape(3, 3, 9)
    apart = np.einsum("ac,bc->abc", joint.sum(1), joint.sum(0)) / joint.sum((0, 1))
    assert distance(apart.reshape(-1), law) > noise(law, CHAINS)


def test_of_inconsistent_conditionals_each_schedule_reaches_its_own_law():
    model = Inconsistent(3, seed=4, strength=3.0)
    kernels = [site_kernel(model, 3, 4, site) for site in range(4)]
    laws = {
        "random": stationary(sum(kernels) / 4),
        "sweep": stationary(reduce(np.matmul, kernels)),
    }
    limits = {schedule: noise(law, CHAINS) for schedule, law in laws.items()}
    assert distance(laws["random"], laws["sweep"]) > 1.5 * max(limits.values())
    for schedule, other in (("random", "sweep"), ("sweep", "random")):
        found = reached(model, 3, schedule=schedule, sweeps=30, burn_in=29)
        assert distance(found, laws[schedule]) < limits[schedule]
        assert distance(found, laws[other]) > limits[other]


def target(model, states, kind, temperature):
    """exp(−E/T) over states, summing to 1."""
    energies = np.array([energy(model, text, kind) for text in states])
    law = np.exp(-(energies - energies.min()) / temperature)
    return law / law.sum()


@pytest.mark.parametrize("kind", ["raw", "normalised"])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_the_corrected_kernel_leaves_its_law_as_it_is(kind, temperature):
    size, n = 3, 4
    model = Inconsistent(size, seed=4)
    states = texts(size, n)
    number = {text: i for i, text in enumerate(states)}
    tokens = torch.tensor(states)
    sampler = Gibbs(model, vocabulary(size), length="4", correct=kind)
    held = sampler.chains.energy(tokens, torch.zeros_like(tokens))
    law = target(model, states, kind, temperature)
    assert np.ptp(np.log(law)) > 1
    for site in range(n):
        sites = torch.full((len(states), 1), site)
        logits = sampler.chains.conditional(tokens.scatter(1, sites, MASK), sites)[:, 0]
        odds = weights(logits, temperature)[0]
        odds = odds / odds.sum(1, keepdim=True)
        kernel = np.zeros((len(states), len(states)))
        plain = kernel.copy()
        for token in range(2, size + 2):
            new = torch.full((len(states),), token)
            after = torch.tensor([number[(*text[:site], token, *text[site + 1 :])] for text in states])
            ratio = metropolis.log_ratio(held, held[after], logits, tokens[:, site], new, temperature)
            moved = odds[:, token] * ratio.exp().clamp(max=1)
            kernel[range(len(states)), after] += moved.numpy()
            plain[range(len(states)), after] += odds[:, token].numpy()
        kernel += np.diag(1 - kernel.sum(1))
        assert np.abs(law @ kernel - law).max() < 1e-12
        assert np.abs(law @ plain - law).max() > 1e-4


@pytest.mark.parametrize(("kind", "schedule"), [("raw", "random"), ("normalised", "sweep")])
def test_corrected_chains_reach_the_stated_energy_whatever_the_schedule(kind, schedule):
    model, states = Inconsistent(3, seed=4, strength=2.0), texts(3, 4)
    found = reached(model, 3, schedule=schedule, correct=kind, sweeps=20, burn_in=19)
    law = target(model, states, kind, 1.0)
    assert distance(found, law) < noise(law, CHAINS)
    wrong = target(model, states, "raw" if kind == "normalised" else "normalised", 1.0)
    assert distance(found, wrong) > noise(wrong, CHAINS)
    assert distance(reached(model, 3, schedule=schedule), law) > noise(law, CHAINS)  # not corrected


SIZE, LENGTHS = 2, (1, 4)


def edited_states(keyword):
    """All texts of the allowed lengths with what each token is: free, or the keyword's (2, 3), wherever it stands."""
    found = []
    for n in range(LENGTHS[0], LENGTHS[1] + 1):
        for text in texts(SIZE, n):
            places = [i for i in range(n - 1) if text[i : i + 2] == (2, 3)]
            kept = [(*[FREE] * i, WORD, INSIDE, *[FREE] * (n - i - 2)) for i in places]
            found += [(text, kinds) for kinds in (kept if keyword else [(FREE,) * n])]
    return found


def edited_kernel(model, states):
    """The matrix of one proposal and its judgement, put together from the pieces that the sampler uses."""
    width = LENGTHS[1] + 1
    number = {state: i for i, state in enumerate(states)}
    sampler = Gibbs(model, vocabulary(SIZE), seed_text="2 3", length="1..4", edit=True)
    tokens = torch.tensor([[*text, *[PAD] * (width - len(text))] for text, _ in states])
    kinds = torch.tensor([[*kind, *[edit.OUTSIDE] * (width - len(kind))] for _, kind in states])
    held, everyone = sampler.chains.energy(tokens, kinds), np.arange(len(states))
    kernel = np.zeros((len(states), len(states)))
    for number_of_move in (edit.REPLACE, edit.INSERT, edit.DELETE):
        move = torch.full((len(states),), number_of_move)
        many = edit.choices(kinds, move)
        for place in range(width):
            proposed = edit.propose(tokens, kinds, move, torch.full_like(move, place), LENGTHS, MASK)
            logits = sampler.chains.conditional(proposed.masked, proposed.site[:, None])[:, 0]
            odds = logits.softmax(1)
            for token in range(2, SIZE + 2):
                new = torch.full_like(move, token)
                after, moved = edit.made(move, proposed, new, PAD)
                ratio = edit.log_ratio(
                    held, sampler.chains.energy(after, moved), logits, move, proposed, new, 1.0
                ).exp().clamp(max=1)  # fmt: skip
                share = (odds[:, token] * ratio * proposed.possible / (3 * many.clamp(min=1))).numpy()
                for i in everyone[proposed.possible.numpy()]:
                    real = int((moved[i] != edit.OUTSIDE).sum())
                    end = number[tuple(after[i, :real].tolist()), tuple(moved[i, :real].tolist())]
                    kernel[i, end] += share[i]
    return kernel + np.diag(1 - kernel.sum(1))


@pytest.mark.parametrize("keyword", [False, True])
def test_with_keywords_edited_texts_reach_their_law_by_the_count_ratio_only(keyword, monkeypatch):
    model = Inconsistent(SIZE, seed=3)
    states = edited_states(keyword)
    law = target(model, [text for text, _ in states], "normalised", 1.0)
    assert len(states) == (17 if keyword else 30)
    kernel = edited_kernel(model, states)
    assert kernel.min() >= 0
    assert np.abs(law @ kernel - law).max() < 1e-12
    assert np.linalg.matrix_power(kernel, 4000).min() > 0  # every text leads to every other
    monkeypatch.setattr(edit, "count_ratio", lambda forth, back: torch.zeros(len(forth), dtype=torch.float64))
    wrong = stationary(edited_kernel(model, states))
    assert distance(wrong, law) > 0.05 if keyword else distance(wrong, law) < 1e-12  # n + 1 gaps, n + 1 to delete


@pytest.mark.parametrize("keyword", [False, True])
def test_chains_that_edit_reach_the_enumerated_law(keyword):
    model, states = Inconsistent(SIZE, seed=3), edited_states(keyword)
    law = target(model, [text for text, _ in states], "normalised", 1.0)
    keep = {"keep": ("2 3",)} if keyword else {}
    chains = Gibbs(
        model, vocabulary(SIZE), seed_text="2 3", length="1..4", edit=True, chains=CHAINS, sweeps=25, burn_in=24, **keep
    )
    *_, state = chains.sweeps()
    count = Counter(tuple(ids.tolist()) for ids in state.ids)
    plain = Counter()
    for (text, _), p in zip(states, law, strict=True):
        plain[text] += p
    found = np.array([count[text] / CHAINS for text in plain])
    wanted = np.array(list(plain.values()))
    assert found.sum() == pytest.approx(1)
    assert distance(found, wanted) < noise(wanted, CHAINS)
    assert distance(found, np.full(len(wanted), 1 / len(wanted))) > noise(wanted, CHAINS)
