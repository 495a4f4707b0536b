"""Chains keep what they are told to keep, start where they are told to start, and do the same for the same seed."""

import numpy as np
import pytest
import torch
from text.gibbs.small_models import bert, hub_tokenizer, own
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from minent.errors import BadInput
from minent.text.draw import drawn, weights
from minent.text.gibbs import Gibbs, Vocabulary, no_repeats, only, read_rules
from minent.text.gibbs.filling import _step
from minent.text.gibbs.schedule import Chances, visits
from minent.text.masked.vocabulary import vocabulary_of
from minent.text.options import Sampling

MODEL = own()


def last(**options):
    """The last state of a few chains."""
    *_, state = Gibbs(MODEL, **{"chains": 8, "sweeps": 3, **options}).sweeps()
    return state


def test_a_template_keeps_all_but_its_blanks():
    state = last(keep=("春__，__人",), chains=20)
    assert len(set(state.texts)) > 10
    for ids, text in zip(state.ids, state.texts, strict=True):
        assert len(ids) == 7
        assert (text[0], text[3], text[-1]) == ("春", "，", "人") or len(text) != 7  # an odd byte is no character
        assert state.vocabulary.mask not in ids


@pytest.mark.parametrize("schedule", ["random", "sweep", "block"])
def test_words_and_numbers_of_a_sentence_are_kept(schedule):
    state = last(seed_text="科学生产力来去", keep=("生产力", "1"), schedule=schedule)
    assert {(text[0], text[2:5]) for text in state.texts} == {("科", "生产力")}
    assert len({text[1] for text in state.texts}) > 1
    assert {text[5:7] for text in last(seed_text="科学生产力来去", keep=("6..7",), schedule=schedule).texts} == {"来去"}


def test_a_word_that_starts_from_a_length_stands_anywhere():
    state = last(length="5..8", keep=("山水", "月"), chains=40)
    lengths = [len(ids) for ids in state.ids]
    assert set(lengths) == {5, 6, 7, 8}
    places = [text.index("山水") for text in state.texts]
    assert len(set(places)) > 3
    assert all("月" in text[place + 2 :] for text, place in zip(state.texts, places, strict=True))


def test_edited_texts_hold_their_keywords_in_order_and_within_the_lengths():
    state = last(keep=("山水", "月"), length="3..8", edit=True, chains=30, sweeps=6)
    assert len({len(ids) for ids in state.ids}) > 1
    assert all(3 <= len(ids) <= 8 for ids in state.ids)
    assert all("月" in text[text.index("山水") + 2 :] for text in state.texts)
    assert 0 < state.accepted < 1


def test_sweep_0_is_the_start_with_no_mask_left():
    first = next(Gibbs(MODEL, seed_text="春去秋来", chains=3).sweeps())
    assert first.texts == ["春去秋来"] * 3 and not first.kept
    for start in ("masks", "noise"):
        texts = next(Gibbs(MODEL, seed_text="春去秋来", keep=("秋",), start=start, chains=9).sweeps()).texts
        assert len(set(texts)) > 5
        assert {text[2] for text in texts} == {"秋"}
        assert "<mask>" not in "".join(texts)


def test_special_tokens_are_never_drawn():
    state = last(length="20", chains=30)
    drawn = np.concatenate(state.ids)
    assert not np.isin(drawn, state.vocabulary.special).any()
    assert "�" not in "".join(state.texts)


@pytest.mark.parametrize("options", [{}, {"correct": "raw"}, {"edit": True, "length": "1..4"}])
def test_chains_leave_a_text_with_a_token_that_is_never_drawn(options):
    def logits(tokens, positions):
        return torch.zeros(*positions.shape, 5)

    vocabulary = Vocabulary(size=5, mask=0, pad=1, special=(0, 1, 4))
    chains = Gibbs(logits, vocabulary, seed_text="2 4 3", chains=4, sweeps=2, burn_in=0, thin=1, **options)
    assert all(4 not in ids for state in chains for ids in state.ids)


def test_the_same_seed_gives_the_same_chains_whatever_chains_are_beside_them():
    one, same, other, more = (
        last(length="6", seed=seed, chains=chains) for seed, chains in ((1, 4), (1, 4), (2, 4), (1, 9))
    )
    assert one.texts == same.texts != other.texts
    assert more.texts[:4] == one.texts


@pytest.mark.parametrize("schedule", ["random", "sweep", "block"])
def test_a_sweep_visits_free_sites_only_and_those_of_a_block_are_distinct(schedule):
    free = torch.tensor([[False, True, True, False, True, True], [True, False, True, True, False, False]])
    seen = [[], []]
    for rows, sites, chance in visits(schedule, free, Chances(3, [(0, 0), (0, 1)]), block=3):
        assert chance.shape[1] > sites.shape[1] - (schedule == "block")
        for row, some in zip(rows.tolist(), sites.tolist(), strict=True):
            assert len(set(some)) == len(some) == (3 if schedule == "block" else 1)
            assert all(free[row, site] for site in some)
            seen[row] += some
    if schedule == "sweep":
        assert seen == [[1, 2, 4, 5], [0, 2, 3]]
    else:
        assert [len(one) for one in seen] == ([6, 3] if schedule == "block" else [4, 3])


def test_burn_in_and_thinning_say_what_is_kept():
    sampler = Gibbs(MODEL, length="4", chains=2, sweeps=10, burn_in=4, thin=3)
    assert [state.sweep for state in sampler] == [7, 10]
    assert [state.sweep for state in sampler.sweeps()] == list(range(11))
    assert [state.sweep for state in Gibbs(MODEL, length="4", chains=2, sweeps=10, anneal=0.1)] == [10]


def test_annealing_ends_at_its_temperature_and_in_likelier_texts():
    cold = last(length="6", chains=30, sweeps=10, anneal=0.05, correct="normalised")
    warm = last(length="6", chains=30, sweeps=10, correct="normalised")
    assert cold.temperature == pytest.approx(0.05)
    assert cold.score.mean() > warm.score.mean() + 2 * warm.score.std() / 30**0.5


def test_the_score_of_a_judged_chain_is_the_energy_of_its_text():
    sampler = Gibbs(MODEL, length="5", chains=4, sweeps=3, correct="raw")
    *_, state = sampler.sweeps()
    for ids, score in zip(state.ids, state.score, strict=True):
        whole = torch.tensor([[2, *ids, 3]])
        total = 0.0
        for site in range(1, 6):
            hidden = whole.clone()
            hidden[0, site] = sampler.vocabulary.mask
            with torch.no_grad():
                total += float(MODEL(hidden)[0, site, whole[0, site]])
        assert score == pytest.approx(total, abs=1e-3)


def test_a_hub_model_and_its_tokenizer_are_sampled():
    sampler = Gibbs(bert(), hub_tokenizer(), keep=("春_，_人",), chains=5, sweeps=2)
    *_, state = sampler.sweeps()
    assert {(text[0], text[2], text[4]) for text in state.texts} == {("春", "，", "人")}


def test_top_k_and_top_p_cut_what_is_drawn_and_a_number_falls_where_it_should():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    assert weights(logits, top_k=2)[1].tolist() == [[0, 1]]
    share, token = weights(logits, top_p=0.75)
    assert (share > 0).tolist() == [[True, True, False, False]] and token.tolist() == [[0, 1, 2, 3]]
    assert torch.allclose(weights(logits, temperature=0.5)[0][0, 1], torch.tensor(0.36))
    random = torch.from_numpy(np.random.default_rng(0).random((5, 700)))
    many, chance = random[:, :-1].repeat(100, 1), torch.rand(500, generator=torch.Generator().manual_seed(0))
    wanted = (many.cumsum(1) > (chance.double() * many.sum(1))[:, None]).long().argmax(1)
    assert (drawn(many, chance) == wanted).all()
    assert wanted.unique().numel() > 200


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "got none of them"),
        ({"length": "0"}, "a length is a number"),
        ({"length": "9..3"}, "a length is a number"),
        ({"length": "5", "seed_text": "春"}, "got more than one"),
        ({"length": "99"}, "reads at most 38 tokens; got 99"),
        ({"length": "2", "keep": ("生产力",)}, "cannot hold what is kept"),
        ({"seed_text": "春去", "keep": ("夏",)}, "got '夏'"),
        ({"seed_text": "春去", "keep": ("3",)}, "got '3'"),
        ({"seed_text": "春去", "keep": ("春去",)}, "all is kept"),
        ({"keep": ("春_",), "edit": True}, "kept as words"),
        ({"seed_text": "春", "edit": True, "length": "2..4"}, "2 to 4 tokens; got 1"),
        ({"seed_text": "春1去", "keep": ("春1",), "chains": 0}, "chains"),
        ({"schedule": "once", "steps": 2, "length": "4", "correct": "raw"}, "one site is accepted"),
        ({"schedule": "random", "steps": 2, "length": "4"}, "steps and gumbel are of schedules that fill"),
        ({"schedule": "block", "length": "4", "constraints": [lambda tokens, at: None]}, "schedule block"),
        ({"lines": ["春_"], "length": "4"}, "lines of their own"),
    ],
)
def test_what_cannot_be_sampled_is_a_sentence(options, problem):
    with pytest.raises(BadInput, match=problem):
        Gibbs(MODEL, **options)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"correct": "raw", "top_k": 5}, "able to come back"),
        ({"correct": "raw", "schedule": "block"}, "one site"),
        ({"edit": True, "schedule": "sweep"}, "drawn one by one"),
        ({"burn_in": 100}, "burn_in"),
        ({"chains": 0}, "chains must be at least 1"),
        ({"temperature": 0.0}, "temperature must be positive"),
        ({"temperature": float("nan")}, "temperature must be positive"),
        ({"anneal": float("inf")}, "anneal too"),
        ({"top_p": 0.0}, "top_p"),
    ],
)
def test_options_that_none_can_be_are_a_sentence(options, problem):
    with pytest.raises(BadInput, match=problem):
        Sampling(**options)


def test_a_tokenizer_without_a_mask_is_a_sentence():
    with pytest.raises(BadInput, match="got <class 'str'>"):
        Gibbs(lambda tokens, positions: tokens, "bert", length="3")
    with pytest.raises(BadInput, match="logits"):
        Gibbs("bert", Vocabulary(5, 0, 1), length="3")


def even(tokens, positions):
    return torch.zeros(*positions.shape, 40)


MANY = Vocabulary(size=40, mask=0, pad=1, special=(0, 1))


@pytest.mark.parametrize(
    "options",
    [
        {}, {"schedule": "sweep"}, {"schedule": "block", "block": 3}, {"schedule": "once"},
        {"schedule": "once", "steps": 2, "block": 3}, {"schedule": "confidence", "steps": 2, "gumbel": 1.0},
        {"schedule": "entropy", "block": 2}, {"schedule": "remask", "steps": 3},
    ],
    ids=str,
)  # fmt: skip
def test_a_line_is_drawn_as_it_would_be_alone_whatever_lines_are_beside_it(options):
    lines = {3: "5 6 7", 8: "_ 9 _", 9: "_ _ _ _ _ 7 _ _"}
    rest = {"chains": 2, "sweeps": 3, "thin": 1, "burn_in": 0, "start": "masks", **options}
    *_, state = Gibbs(even, MANY, lines=lines, **rest)
    together = dict(zip(range(6), state.ids, strict=True))
    for place, line in enumerate(lines):
        *_, alone = Gibbs(even, MANY, lines={line: lines[line]}, **rest)
        assert [ids.tolist() for ids in alone.ids] == [together[2 * place + i].tolist() for i in range(2)]


@pytest.mark.parametrize("schedule", ["once", "confidence", "entropy", "remask"])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_masks_are_filled_in_as_many_passes_as_are_asked_for(schedule, steps):
    passes = []

    def counted(tokens, positions):
        passes.append(len(tokens))
        return even(tokens, positions)

    sampler = Gibbs(counted, MANY, keep="_ _ _ 7 _ _ _", schedule=schedule, steps=steps, chains=4)
    (state,) = sampler
    assert state.sweep == 0 and state.kept
    assert all(ids[3] == 7 and len(ids) == 7 and not np.isin(ids, (0, 1)).any() for ids in state.ids)
    assert len(passes) == (steps or 6)


def test_the_surest_are_filled_first():
    """Site i says token 2 with the logit i, so that the last ones are the surest."""
    order = []

    def logits(tokens, positions):
        order.append((tokens == 0).sum().item())
        found = torch.zeros(*positions.shape, 4)
        found[..., 2] = positions * 4.0
        found[..., :2] = -20
        return found

    small = Vocabulary(size=4, mask=0, pad=1, special=(0, 1))
    chains = Gibbs(logits, small, length=5, schedule="entropy", chains=1).chains
    hole, said = torch.ones(1, 5, dtype=torch.bool), torch.zeros(1, 5, dtype=torch.float64)
    chance = torch.full((1, 5, 2), 0.5, dtype=torch.float64)
    _step(chains, torch.tensor([0]), hole, said, chance, torch.tensor([2]), torch.tensor([0.5]))
    assert (chains.tokens[0] != 0).tolist() == [False, False, False, True, True]


def test_rows_filled_at_once_keep_relations_between_them():
    for schedule in ("once", "confidence", "remask"):
        held = [no_repeats(40)]
        (state,) = Gibbs(even, MANY, length=20, schedule=schedule, steps=2, chains=10, constraints=held)
        assert all(len(set(ids.tolist())) == 20 for ids in state.ids)


def test_constraints_that_nothing_can_keep_are_a_sentence():
    held = [no_repeats(40), only(torch.arange(40) < 4)]
    with pytest.raises(BadInput, match="no text was found that keeps all constraints"):
        next(Gibbs(even, MANY, length=4, constraints=held, chains=1).sweeps())
    with pytest.raises(BadInput, match="do not allow token 1 of '5 5'"):
        next(Gibbs(even, MANY, seed_text="5 5", constraints=[no_repeats(40)], chains=1).sweeps())


def test_words_are_kept_whole_and_wherever_they_stand():
    found = hub_words()
    kept = [
        [
            int(i)
            for i in np.flatnonzero(
                Gibbs(*found, seed_text="born in 2018 won 1 prize 1", keep=word, chains=1).kinds[0] > 0
            )
        ]
        for word in ("1", "2018", "5", "1..2")
    ]
    assert kept == [[5, 7], [3], [5], [1, 2]]
    for word, problem in (("18", "a part of a word"), ("zz", "got 'zz'")):
        with pytest.raises(BadInput, match=problem):
            Gibbs(*found, seed_text="born in 2018 won 1 prize", keep=word)
    for more in (
        {"seed_text": "born zz in", "keep": "zz"},
        {"seed_text": "born [MASK] in", "keep": "2"},
        {"keep": "zz _"},
    ):
        with pytest.raises(BadInput, match="words that the model knows"):
            Gibbs(*found, **more)
    state = next(iter(Gibbs(*found, keep=r"user\_id _", sweeps=0, chains=2)))
    assert all(text.startswith("user_id ") for text in state.texts)
    assert int((Gibbs(*found, seed_text="user_id won", keep="user_id", chains=1).kinds > 0).sum()) == 1


def hub_words():
    """A BERT whose words stand between blanks."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "born", "in", "2018", "won", "1", "prize", "user_id"]
    raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]",
    )  # fmt: skip
    return bert(vocab_size=len(words)), tokenizer


def test_numbers_and_generators_are_taken_for_lengths_and_seeds():
    def options(**more):
        return Gibbs(MODEL, **more).options

    assert options(length=6).length == "6" and options(length=(3, 8)).length == "3..8"
    numpys = [options(length=6, seed=np.random.default_rng(i)).seed for i in (0, 0, 1)]
    torchs = [options(length=6, seed=torch.Generator().manual_seed(i)).seed for i in (1, 1, 2)]
    assert numpys[0] == numpys[1] != numpys[2] and torchs[0] == torchs[1] != torchs[2]


RULES = """
[[rule]]
kind = "alike"
places = [2, -1]
classes = {"a" = "春风", "b" = "月水"}
[[rule]]
kind = "repeat"
but = ["，"]
[[rule]]
kind = "pattern"
places = [1, 3]
ways = ["平*", "仄仄"]
classes = {"平" = "花山", "仄" = "鸟日"}
[[rule]]
kind = "never"
matches = "[科学]"
"""


def test_rules_of_a_file_hold_in_every_text(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(RULES, encoding="utf-8")
    tokenizer = hub_tokenizer()
    held = read_rules(file, vocabulary_of(tokenizer))
    for schedule in ("random", "confidence"):
        sampler = Gibbs(bert(), tokenizer, length=6, constraints=held, chains=30, sweeps=2, schedule=schedule)
        *_, state = sampler.sweeps()
        assert len({text[1] for text in state.texts}) > 2
        for text in state.texts:
            assert {text[1], text[-1]} in ({"春", "风"}, {"月", "水"})
            assert len(set(text) - {"，"}) == 6 - text.count("，")
            assert text[0] in "花山" or (text[0] in "鸟日" and text[2] in "鸟日")
            assert not set(text) & set("科学")


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("rule = 1", "must hold rules"),
        ("[[rule]]\nkind = 'rhyme'", "kind is one of"),
        ("[[rule]]\nkind = 'only'", "says one of tokens, alphabet and matches; got none"),
        ("[[rule]]\nkind = 'only'\ntokens = ['zz']", "no token for zz"),
        ("[[rule]]\nkind = 'only'\nplaces = [0]\ntokens = ['春']", "from 1"),
        ("[[rule]]\nkind = 'alike'\nplaces = [1, 2]\nclasses = 'none.tsv'", "there is no file"),
        ("[[rule]]\nkind = 'pattern'\nways = ['xy']\nclasses = {a = '春'}", "a class"),
        ("[[rule]]\nkind = 'repeat'\nsteps = 3", "got steps"),
        ("[[rule", "is not TOML"),
    ],
)
def test_rules_that_say_nothing_are_a_sentence(rules, problem, tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(rules, encoding="utf-8")
    with pytest.raises(BadInput, match=problem):
        read_rules(file, vocabulary_of(hub_tokenizer()))
