"""Diagnostics are what independent implementations say, and what is known of chains whose law is known."""

import numpy as np
import pytest
import sacrebleu
from nltk.translate.bleu_score import corpus_bleu as nltk_bleu
from text.gibbs.small_models import own

from minent.errors import BadInput
from minent.text.gibbs import Gibbs, diagnostics, pseudo_perplexity
from minent.text.gibbs.convergence import effective_sample_size, r_hat
from minent.text.score.diversity import corpus_bleu, distinct, self_bleu


def sentences(count, seed=0):
    """Texts of few words, so that they share n-grams of every order."""
    random = np.random.default_rng(seed)
    return [[str(w) for w in random.integers(0, 3, random.integers(4, 12))] for _ in range(count)]


def test_corpus_bleu_and_self_bleu_are_nltks():
    texts, corpus = sentences(12), sentences(15, seed=1)
    found, wanted = corpus_bleu(texts, corpus), 100 * nltk_bleu([corpus] * 12, texts)
    assert 20 < wanted < 99.9
    assert found == pytest.approx(wanted, abs=1e-9)
    found, wanted = self_bleu(texts), 100 * nltk_bleu([texts[:i] + texts[i + 1 :] for i in range(12)], texts)
    assert 20 < wanted < 99.9
    assert found == pytest.approx(wanted, abs=1e-9)


def test_corpus_bleu_is_sacrebleus():
    texts, corpus = sentences(12), sentences(5, seed=1)
    streams = [[" ".join(one)] * 12 for one in corpus]
    bleu = sacrebleu.BLEU(tokenize="none", smooth_method="none")
    wanted = bleu.corpus_score([" ".join(text) for text in texts], streams).score
    assert 20 < wanted < 99.9
    assert corpus_bleu(texts, corpus) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.data
def test_the_released_samples_have_their_published_scores(data):
    """GPT's samples of Wang & Cho 2019, against their sentences of books, of Wikipedia, and of half of each."""
    folder = data / "text" / "bert-gen"

    def read(name, **instead):
        lines = (folder / name).read_text(encoding="utf-8").lower().split("\n")
        return [[instead.get(word, word) for word in line.split()] for line in lines if line.strip()]

    books = read("tbc.5k.txt", **{"``": '"', "''": '"'})
    wikipedia = read("wiki103.5k.txt", **{"@@unknown@@": "[UNK]"})
    samples = read("gpt-len40-topk100-temp1.000.txt")
    assert (len(books), len(wikipedia), len(samples)) == (5000, 5000, 1000)
    half = books[:2500] + wikipedia[:2500]
    found = [corpus_bleu(samples, corpus) for corpus in (books, wikipedia, half)]
    assert [round(one, 2) for one in (*found, self_bleu(samples))] == [30.75, 10.81, 26.11, 40.02]


def test_repetition_lowers_distinct_n_and_raises_self_bleu():
    same, apart = ["abcdefg"] * 4, ["abcdefg", "hijklmn", "opqrstu", "vwxyzab"]
    assert distinct(same, 2) == 6 / 24 and distinct(apart, 2) == 23 / 24
    assert self_bleu(same) == 100 and self_bleu(apart) == 0
    assert distinct([], 1) == 0 and distinct(["a"], 2) == 0


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_the_effective_sample_size_of_an_autoregressive_chain_is_the_known_one(memory):
    random, chains, n = np.random.default_rng(0), 8, 4000
    draws = random.normal(size=(chains, n))
    for i in range(1, n):
        draws[:, i] = memory * draws[:, i - 1] + (1 - memory**2) ** 0.5 * draws[:, i]
    wanted = chains * n * (1 - memory) / (1 + memory)
    assert effective_sample_size(draws) == pytest.approx(wanted, rel=0.15)
    assert r_hat(draws) < 1.02


def test_r_hat_and_the_effective_sample_size_are_those_of_arviz():
    waves = np.sin(np.arange(4)[:, None] + np.arange(60) ** 1.5 / 7) + np.arange(60) / 40
    apart, few = waves + np.array([0, 0, 0, 2.0])[:, None], np.floor(waves[:, :11] * 2)
    # arviz 0.23.4: rhat(x), ess(x, method="mean")
    for draws, rhat, ess in (
        (waves, 1.1338728534140385, 115.63608445971195),
        (apart, 1.5436029621186458, 8.801670189139656),
        (few, 1.2810417616890792, 16.23024903047979),
    ):
        assert r_hat(draws) == pytest.approx(rhat, rel=1e-9)
        assert effective_sample_size(draws) == pytest.approx(ess, rel=1e-9)


def test_r_hat_tells_chains_that_differ_and_chains_that_drift():
    draws = np.random.default_rng(0).normal(size=(4, 500))
    assert abs(r_hat(draws) - 1) < 0.01
    assert r_hat(draws + np.array([[0], [0], [0], [5.0]])) > 1.5
    assert r_hat(draws + np.linspace(0, 5, 500)) > 1.3
    assert r_hat(np.ones((2, 10))) == 1
    with pytest.raises(BadInput, match="four draws"):
        r_hat(draws[:, :3])


def test_pseudo_perplexity_is_of_each_token_hidden_in_turn():
    import torch

    model, texts = own(), ["春来秋去", "山水"]
    logs = []
    for text in texts:
        ids = torch.tensor([model.tokenizer.encode(text).ids])
        for site in range(1, ids.shape[1] - 1):
            hidden = ids.clone()
            hidden[0, site] = 4
            with torch.no_grad():
                logs.append(model(hidden)[0, site].log_softmax(0)[ids[0, site]].item())
    assert len(logs) == 6
    assert pseudo_perplexity(model, texts) == pytest.approx(np.exp(-np.mean(logs)), rel=1e-4)
    with pytest.raises(BadInput, match="none with a token"):
        pseudo_perplexity(model, [""])


def test_a_report_says_what_there_is_to_say():
    sampler = Gibbs(own(), length="6", chains=6, sweeps=20, thin=2, correct="normalised")
    told = diagnostics(sampler, sampler.sweeps(), ["春夏秋冬山水"])
    assert told.texts == 30
    assert 0 < told.accepted < 1 and 0 < told.changed <= told.accepted
    assert told.r_hat and told.r_hat > 0.9 and told.ess and told.ess > 1
    assert told.distinct_1 < told.distinct_2 <= told.distinct_3 <= 1
    assert told.pseudo_perplexity > 1 and told.corpus_bleu is not None
    assert diagnostics(sampler, sampler.sweeps()).corpus_bleu is None
    annealed = Gibbs(own(), length="6", chains=2, sweeps=5, anneal=0.5)
    assert diagnostics(annealed, annealed.sweeps()).r_hat is None
