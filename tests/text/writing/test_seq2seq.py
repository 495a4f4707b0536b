"""Sequences are written for sequences, in one direction or both; step by step as whole."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from minent.errors import BadInput
from minent.nn.attention.bidirectional import Bidirectional
from minent.nn.shape import Shape
from minent.text.options import Search
from minent.text.writing.beam import beam_search, best_of_each
from minent.text.writing.loss import loss
from minent.text.writing.model import reversed_tokens
from minent.text.writing.sampling import sample
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.stepper import Stepper
from minent.text.writing.write import written

END = 3
DIRECTIONS = ["left-to-right", "right-to-left", "bidirectional", "to-middle"]
SHAPE = Shape(dim=16, heads=2, layers=2, hidden=32, dropout=0.0)
SOURCE = torch.tensor([[5, 6, 7, 8], [9, 6, 0, 0], [8, 8, 5, 0]])
SOURCE_MASK = SOURCE > 0
TARGET = torch.tensor([[7, 9, 5, 6], [8, 5, 6, 0], [6, 0, 0, 0]])
TARGET_MASK = TARGET > 0


def model(direction="bidirectional", seed=0, **options):
    torch.manual_seed(seed)
    made = Seq2Seq(12, SHAPE, direction, **options).eval()
    with torch.no_grad():  # far from uniform, so that what is read matters
        for parameter in made.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2.0)
    return made


def scores(made, target=TARGET, mask=TARGET_MASK):
    with torch.no_grad():
        return made(SOURCE, SOURCE_MASK, *made.histories(target, mask))


@pytest.fixture(autouse=True)
def without_gradients():
    with torch.no_grad():
        yield


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize(("direction", "share"), [*((one, "all") for one in DIRECTIONS),
                                                  *((one, "embeddings") for one in DIRECTIONS[2:])])  # fmt: skip
def test_step_by_step_is_the_whole(direction, share, copy):
    made = model(direction, copy=copy, share=share)
    if copy:
        made.copying.normal_()
    history, mask = made.histories(TARGET, TARGET_MASK)
    whole = scores(made).log_softmax(2)
    stepper, rows = Stepper(made, SOURCE, SOURCE_MASK, 1), torch.arange(len(history))
    with torch.no_grad():
        for t in range(history.shape[1] + 1):
            tokens = history.masked_fill(~mask, END)[:, t - 1]
            log = stepper(None if t == 0 else tokens, rows)
            both = mask[:, t - 1] if t else torch.ones(len(rows), dtype=torch.bool)
            assert both.any()
            assert (log - whole[:, t])[both].abs().max() < 1e-5


@pytest.mark.parametrize(
    ("fusion", "share"), [("tanh", "all"), ("linear", "all"), ("gate", "all"), ("tanh", "embeddings")]
)
def test_no_half_sees_the_future_of_either(fusion, share):
    made = model(fusion=fusion, share=share)
    target = torch.tensor([[7, 9, 5, 6]] * 3)
    real = torch.ones_like(target, dtype=torch.bool)
    history, mask = made.histories(target, real)
    with torch.no_grad():
        before = made(SOURCE, SOURCE_MASK, history, mask)
        for t in range(4):
            changed = history.clone()
            changed[:, t:] = 10
            after = made(SOURCE, SOURCE_MASK, changed, mask)
            assert torch.equal(after[:, : t + 1], before[:, : t + 1])
            assert not torch.equal(after[:, t + 1], before[:, t + 1])


@pytest.mark.parametrize("share", ["all", "embeddings"])
def test_each_half_reads_its_partner_and_no_other_row(share):
    made = model(share=share)
    history, mask = made.histories(torch.tensor([[7, 9, 5, 6]] * 3), torch.ones(3, 4, dtype=torch.bool))
    changed = history.clone()
    changed[4, 0] = 10  # what the right-to-left half of sentence 1 wrote first
    with torch.no_grad():
        moved = (made(SOURCE, SOURCE_MASK, changed, mask) - made(SOURCE, SOURCE_MASK, history, mask)).abs().amax((1, 2))
    assert (moved > 1e-4).tolist() == [False, True, False, False, True, False]


def test_without_interaction_directions_know_nothing_of_each_other():
    one, both = model("left-to-right"), model("bidirectional", interaction=0.0)
    shared = {name: value for name, value in one.state_dict().items() if name != "starts"}
    both.load_state_dict({**shared, "starts": torch.cat([one.starts, one.starts])})
    real = torch.cat([torch.ones(3, 1, dtype=torch.bool), TARGET_MASK], 1)
    assert (scores(both)[:3] - scores(one))[real].abs().max() < 1e-5
    assert (scores(model()) - scores(model(interaction=0.0))).abs().max() > 1e-3


def test_decoders_of_their_own_are_those_of_two_models():
    both = model(share="embeddings", interaction=0.0)
    ways = [model(direction) for direction in DIRECTIONS[:2]]
    for d, one in enumerate(ways):
        tensors = {}
        for name, weight in both.state_dict().items():
            own = name.replace(f".ways.{d}", "")
            if own in one.state_dict():
                rows = len(one.state_dict()[own])
                tensors[own] = weight[rows * d : rows * (d + 1)] if len(weight) > rows else weight
        one.load_state_dict(tensors)
        real = torch.cat([torch.ones(3, 1, dtype=torch.bool), TARGET_MASK], 1)
        assert (scores(both).chunk(2)[d] - scores(one))[real].abs().max() < 1e-5
    assert (scores(ways[0]) - scores(ways[1])).abs().max() > 1e-2


def test_reversed_targets_and_swapped_directions_mirror_each_other():
    made = model()
    mirror = model()
    with torch.no_grad():
        mirror.starts.copy_(made.starts.flip(0))
    turned = scores(mirror, reversed_tokens(TARGET, TARGET_MASK))
    assert (scores(made).roll(3, 0) - turned).abs().max() < 1e-5


def test_right_to_left_is_left_to_right_of_the_reversed():
    one, other = model("left-to-right"), model("right-to-left")
    assert torch.equal(scores(one, reversed_tokens(TARGET, TARGET_MASK)), scores(other))


def test_padding_changes_no_score():
    made = model()
    padded = torch.cat([TARGET, torch.zeros(3, 2, dtype=torch.long)], 1)
    wide = scores(made, padded, padded > 0)
    real = torch.cat([torch.ones(6, 1, dtype=torch.bool), TARGET_MASK.repeat(2, 1)], 1)
    assert (wide[:, :5] - scores(made))[real].abs().max() < 1e-5


def test_tokens_of_the_source_are_likelier_by_what_was_learned():
    plain, copying = model(), model(copy=True)
    copying.load_state_dict(plain.state_dict(), strict=False)
    assert torch.equal(scores(plain), scores(copying))
    copying.copying.copy_(torch.arange(13.0))
    added = torch.zeros(3, 12)
    for row, tokens in enumerate([[5, 6, 7, 8], [9, 6], [8, 5]]):
        added[row, tokens] = torch.tensor(tokens).float() + 12
    assert (scores(copying) - scores(plain) - added.repeat(2, 1)[:, None]).abs().max() < 1e-5
    whole = copying(SOURCE[:1], None, *copying.histories(TARGET[:1], TARGET_MASK[:1]))  # no mask, no padding
    assert (whole - scores(copying)[[0, 3]]).abs().max() < 1e-5


@torch.enable_grad()
def test_what_is_copied_is_learned():
    made = model("left-to-right", copy=True).train()
    batch = {"source": SOURCE, "source_mask": SOURCE_MASK, "target": TARGET, "target_mask": TARGET_MASK}
    loss(made, batch)[0].backward()
    wanted = torch.cat([TARGET, TARGET.new_zeros(3, 1)], 1).scatter_(1, TARGET_MASK.sum(1, keepdim=True), END)
    lost = torch.nn.functional.cross_entropy(
        scores(made).flatten(0, 1), wanted.masked_fill(wanted == 0, -100).flatten(), reduction="sum"
    )
    slope = made.copying.grad
    assert slope[[5, 6, 7, 8, 9, 12]].abs().min() > 1e-3 and not slope[[0, 1, 2, 3, 4, 10, 11]].any()
    eps = torch.zeros(13).index_fill_(0, torch.tensor([8]), 1e-2)
    with torch.no_grad():
        made.copying += eps
        more = loss(made, batch)[0]
        made.copying -= 2 * eps
        less = loss(made, batch)[0]
    assert float((more - less) / 2e-2) == pytest.approx(float(slope[8]), rel=1e-2)
    assert float((more + less) / 2) == pytest.approx(float(lost), rel=1e-3)


def test_to_the_middle_each_half_is_learned_once():
    made = model("to-middle")
    batch = {"source": SOURCE, "source_mask": SOURCE_MASK, "target": TARGET, "target_mask": TARGET_MASK}
    history, mask = made.histories(TARGET, TARGET_MASK)
    assert [row[real].tolist() for row, real in zip(history, mask, strict=True)] == [
        [7, 9],
        [8, 5],
        [6],
        [6, 5],
        [6],
        [],
    ]
    total, count = loss(made, batch)
    logs, by_hand = scores(made).log_softmax(2), 0.0
    for row, sequence in enumerate([[7, 9], [8, 5], [6], [6, 5], [6], []]):
        by_hand -= sum(float(logs[row, t, token]) for t, token in enumerate([*sequence, END]))
    assert int(count) == 8 + 6
    assert float(total) == pytest.approx(by_hand, rel=1e-5)


def test_loss_is_the_cross_entropy_of_every_token_and_end():
    made = model()
    total, count = loss(
        made, {"source": SOURCE, "source_mask": SOURCE_MASK, "target": TARGET, "target_mask": TARGET_MASK}
    )
    logs, by_hand = scores(made).log_softmax(2), 0.0
    for row, sequence in enumerate([[7, 9, 5, 6], [8, 5, 6], [6], [6, 5, 9, 7], [6, 5, 8], [6]]):
        by_hand -= sum(float(logs[row, t, token]) for t, token in enumerate([*sequence, END]))
    assert int(count) == 2 * (4 + 3 + 1 + 3)
    assert float(total) == pytest.approx(by_hand, rel=1e-5)


def second_pass(made):
    batch = {"source": SOURCE, "source_mask": SOURCE_MASK, "target": TARGET, "target_mask": TARGET_MASK}
    forward, backward = made.histories(TARGET, TARGET_MASK)[0].chunk(2)
    wrote = {"forward": forward, "forward_mask": TARGET_MASK, "backward": backward, "backward_mask": TARGET_MASK}
    return batch, wrote


@pytest.mark.parametrize("share", ["all", "embeddings"])
@pytest.mark.parametrize("copy", [False, True])
def test_what_directions_wrote_if_it_is_gold_is_learned_as_gold_is(share, copy):
    made = model(share=share, copy=copy)
    if copy:
        made.copying.normal_()
    batch, wrote = second_pass(made)
    (gold, count), (pseudo, twice) = loss(made, batch), loss(made, {**batch, **wrote})
    assert (float(pseudo), int(twice)) == (pytest.approx(2 * float(gold), rel=1e-5), 2 * int(count))
    wide = torch.nn.functional.pad(wrote["backward"], (0, 2))
    longer = {**wrote, "backward": wide, "backward_mask": wide > 0}
    assert float(loss(made, {**batch, **longer})[0]) == pytest.approx(2 * float(gold), rel=1e-5)


@pytest.mark.parametrize("share", ["all", "embeddings"])
def test_a_second_pass_loses_gold_beside_what_was_written_and_what_was_written_beside_gold(share):
    made = model(share=share)
    batch, wrote = second_pass(made)
    wrote["forward"] = torch.tensor([[7, 9, 4, 0, 0], [8, 10, 6, 4, 4], [4, 0, 0, 0, 0]])
    wrote["forward_mask"] = wrote["forward"] > 0
    wrote["backward"] = wrote["backward"].masked_fill(TARGET_MASK, 10)
    gold, mask = made.histories(TARGET, TARGET_MASK)
    by_hand, count = 0.0, 0
    for i in range(3):
        left, right = gold[i][mask[i]].tolist(), gold[3 + i][mask[3 + i]].tolist()
        written = [wrote[name][i][wrote[f"{name}_mask"][i]].tolist() for name in ("forward", "backward")]
        for pair in ((left, written[1]), (written[0], right)):
            width = max(map(len, pair))
            rows = torch.tensor([[*one, *[0] * (width - len(one))] for one in pair])
            logs = made(SOURCE[i : i + 1], SOURCE_MASK[i : i + 1], rows, rows > 0).log_softmax(2)
            by_hand -= sum(float(logs[d, t, x]) for d in (0, 1) for t, x in enumerate([*pair[d], END]))
            count += sum(map(len, pair)) + 2
    total, several = loss(made, {**batch, **wrote})
    assert (float(total), int(several)) == (pytest.approx(by_hand, rel=1e-5), count)
    cut = torch.tensor(
        [True, False, False]
    )  # the gold of the first has no end from the left, no beginning from the right
    assert int(loss(made, {**batch, **wrote, "cut": cut})[1]) == count - 2


def every_sequence(vocabulary, longest):
    for n in range(longest + 1):
        yield from itertools.product(vocabulary, repeat=n)


def test_a_beam_wide_enough_finds_the_best_of_all():
    made = model("left-to-right")
    search = Search(beam=200, longest=2, length_penalty=0.7)
    found = written(made, [SOURCE[0].numpy()], search)[0]
    tokens = [t for t in range(12) if t != END]
    values = {}
    with torch.no_grad():
        for sequence in every_sequence(tokens, 2):
            history = torch.tensor([sequence], dtype=torch.long).view(1, -1)
            logs = made(SOURCE[:1], None, history, history >= 0)[0].log_softmax(1)
            total = sum(float(logs[t, token]) for t, token in enumerate([*sequence, END]))
            values[sequence] = total / (len(sequence) + 1) ** 0.7
    best = sorted(values, key=lambda sequence: -values[sequence])[:5]
    assert [one.tokens for one in found[:5]] == best
    assert found[0].score == pytest.approx(values[best[0]], rel=1e-4)


def test_a_wider_beam_finds_what_greed_misses():
    table = torch.tensor([[0, 0.6, 0.4, 0, 0, 0], [0, 0, 0, 0.55, 0.45, 0], [0.1, 0, 0, 0, 0, 0.9]])
    table = torch.cat([table, torch.eye(6)[[0, 0, 0]]]).log()  # after nothing, a, b, and then the end

    def step(tokens, rows):
        return table[torch.zeros_like(rows) if tokens is None else tokens]

    greedy, wide = (
        beam_search(step, 1, 1, 0, Search(beam=beam, length_penalty=0.0, longest=4))[0][0] for beam in (1, 2)
    )
    assert (greedy.tokens, round(float(np.exp(greedy.score)), 2)) == ((1, 3), 0.33)
    assert (wide.tokens, round(float(np.exp(wide.score)), 2)) == ((2, 5), 0.36)


@pytest.mark.parametrize(
    ("direction", "share"), [*((one, "all") for one in DIRECTIONS), ("bidirectional", "embeddings")]
)
def test_what_is_written_does_not_depend_on_the_batch(direction, share):
    made = model(direction, share=share)
    sources = [np.array(s) for s in ([5, 6, 7, 8, 9], [9, 6], [8, 8, 5], [7], [10, 5, 6])]
    search = Search(beam=3, longest=12)
    together = written(made, sources, search)
    assert len({one[0].tokens for one in together}) > 1
    for source, one in zip(sources, together, strict=True):
        alone = written(made, [source], search)[0]
        assert [h.tokens for h in alone] == [h.tokens for h in one]
        assert [h.score for h in alone] == pytest.approx([h.score for h in one], abs=1e-5)
        assert len(one) >= 3


def test_options_of_the_search_are_obeyed():
    made, source = model("left-to-right"), [np.array([5, 6, 7])]
    lengths = [len(h.tokens) for h in written(made, source, Search(beam=4, shortest=3, longest=6))[0]]
    assert min(lengths) >= 3 and max(lengths) <= 6
    free = written(made, source, Search(beam=4, shortest=10, longest=12))[0][0].tokens
    pairs = list(itertools.pairwise(free))
    assert len(set(pairs)) < len(pairs)
    for h in written(made, source, Search(beam=4, shortest=10, longest=12, no_repeat=2))[0]:
        pairs = list(itertools.pairwise(h.tokens))
        assert len(set(pairs)) == len(pairs)
    with pytest.raises(BadInput, match="beam must be at least 1"):
        Search(beam=0)


def test_a_nystrom_encoder_has_a_softmax_decoder():
    made = Seq2Seq(12, Shape(**{**vars(SHAPE), "attention": "nystrom", "landmarks": 2}), "bidirectional").eval()
    assert isinstance(made.decoder.layers[0].attention, Bidirectional)
    assert scores(made).isfinite().all()
    with pytest.raises(BadInput, match="synthesizer"):
        Seq2Seq(12, Shape(**{**vars(SHAPE), "attention": "synthesizer"}), "bidirectional")


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_is_drawn_does_not_depend_on_the_batch(direction):
    made = model(direction)
    sources = [np.array(s) for s in ([5, 6, 7, 8, 9], [9, 6], [8, 8, 5])]
    search = Search(beam=3, longest=8, temperature=1.0)
    together, again = written(made, sources, search), written(made, sources, search, tokens=5)
    assert together == written(made, sources, search)
    assert [[h.tokens for h in one] for one in together] == [[h.tokens for h in one] for one in again]
    other = written(made, sources, Search(beam=3, longest=8, temperature=1.0, seed=2))
    assert [h.tokens for h in other[0]] != [h.tokens for h in together[0]]


def test_tokens_are_drawn_by_their_probability():
    shares = torch.tensor([0.1, 0.4, 0.3, 0.2])

    def step(tokens, rows):
        return shares.log().expand(len(rows), 4)

    def first(**options):
        search = Search(beam=4000, longest=1, shortest=1, **options)
        tokens = [h.tokens[0] for h in sample(step, [0], 1, 0, search)[0]]
        return np.bincount(tokens, minlength=4) / 4000

    noise = 4 * np.sqrt(0.25 / 4000)
    assert np.abs(first(temperature=1.0) - np.array([0, 0.4, 0.3, 0.2]) / 0.9).max() < noise
    cold = np.array([0, 0.4, 0.3, 0.2]) ** 2
    assert np.abs(first(temperature=0.5) - cold / cold.sum()).max() < noise
    assert np.abs(first(temperature=1.0, top_k=2) - np.array([0, 4, 3, 0]) / 7).max() < noise
    assert np.abs(first(temperature=1.0, top_p=0.5) - np.array([0, 4, 3, 0]) / 7).max() < noise
    assert first(temperature=1.0, top_p=0.4)[1] == 1


def test_a_drawn_sequence_has_the_score_of_its_tokens():
    made, source = model("left-to-right"), [np.array([5, 6, 7])]
    for h in written(made, source, Search(beam=3, longest=6, temperature=1.0, length_penalty=0.0))[0]:
        history = torch.tensor([h.tokens], dtype=torch.long).view(1, -1)
        logs = made(torch.tensor([[5, 6, 7]]), None, history, history >= 0)[0].log_softmax(1)
        assert h.score == pytest.approx(sum(float(logs[t, x]) for t, x in enumerate([*h.tokens, END])), rel=1e-4)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_to_the_middle_both_halves_have_their_options(temperature):
    made, sources = model("to-middle"), [np.array([5, 6, 7]), np.array([9])]
    free = Search(beam=8, longest=14, temperature=temperature)
    assert len({len(h.tokens) for one in written(made, sources, free) for h in one}) > 1
    search = Search(beam=8, shortest=5, longest=7, temperature=temperature)
    lengths = {len(h.tokens) for one in written(made, sources, search) for h in one}
    assert min(lengths) >= 5 and max(lengths) <= 7
    begun = written(made, sources, search, prefix=[10, 4])
    assert all(h.tokens[:2] == (10, 4) for one in begun for h in one)
    assert len({h.tokens[2:] for one in begun for h in one}) > 4


def test_a_half_that_is_drawn_has_the_score_of_its_tokens():
    made, source = model("to-middle"), torch.tensor([[5, 6, 7]])
    for h in written(made, [source[0].numpy()], Search(beam=5, longest=6, temperature=1.0, length_penalty=0.0))[0]:
        found = []
        for split in range(len(h.tokens) + 1):  # where the halves met is not told
            halves = [h.tokens[:split], h.tokens[split:][::-1]]
            width = max(map(len, halves))
            history = torch.tensor([[*half, *[0] * (width - len(half))] for half in halves]).view(2, width)
            mask = torch.tensor([[t < len(half) for t in range(width)] for half in halves]).view(2, width)
            logs = made(source, None, history, mask).log_softmax(2)
            found.append(sum(float(logs[d, t, x]) for d in (0, 1) for t, x in enumerate([*halves[d], END])))
        # at the longest half the end is certain, but its log p is counted all the same
        assert min(abs(h.score - one) for one in found) < 1e-4


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_every_text_begins_with_the_prefix_and_goes_on_as_it_would(temperature):
    made, sources = model("left-to-right"), [np.array([5, 6, 7]), np.array([9])]
    search = Search(beam=4, longest=8, temperature=temperature, length_penalty=0.0)
    free = written(made, sources, search)
    begun = written(made, sources, search, prefix=[10, 4])
    assert all(h.tokens[:2] == (10, 4) for one in begun for h in one)
    assert not all(h.tokens[:2] == (10, 4) for one in free for h in one)
    h = begun[0][0]
    history = torch.tensor([h.tokens])
    logs = made(torch.tensor([[5, 6, 7]]), None, history, history >= 0)[0].log_softmax(1)
    assert h.score == pytest.approx(sum(float(logs[t, x]) for t, x in enumerate([*h.tokens, END])), rel=1e-4)


@pytest.mark.parametrize("direction", ["right-to-left", "bidirectional"])
def test_a_prefix_is_refused_where_it_would_come_last(direction):
    with pytest.raises(BadInput, match=f"got one that is {direction}"):
        written(model(direction), [np.array([5])], Search(), prefix=[5])
    with pytest.raises(BadInput, match="pairwise is for bidirectional models"):
        written(model("to-middle"), [np.array([5])], Search(pairwise=True))
    with pytest.raises(BadInput, match="pairwise is for searching"):
        Search(pairwise=True, temperature=1.0)
    with pytest.raises(BadInput, match="a prefix of 3"):
        written(model("left-to-right"), [np.array([5])], Search(longest=2), prefix=[5, 5, 5])


@pytest.mark.parametrize("together", [1, 1000])
@pytest.mark.parametrize(("copy", "share"), [(False, "all"), (True, "all"), (True, "embeddings")])
def test_what_both_directions_agree_on_is_best(copy, share, together, monkeypatch):
    monkeypatch.setattr("minent.text.writing.agreement.TOKENS", together)
    made, sources = model(seed=3, copy=copy, share=share), [np.array([5, 6, 7]), np.array([9, 6]), np.array([8])]
    if copy:
        made.copying.normal_()
    plain = Search(beam=3, longest=6, length_penalty=0.7, judge="own")
    alone, both = (written(made, sources, replace(plain, judge=judge)) for judge in ("own", "both"))
    assert [h.tokens for one in alone for h in best_of_each(one)] != [h.tokens for one in both for h in one]
    apart = model(seed=3, interaction=0.0, copy=copy, share=share)
    apart.load_state_dict(made.state_dict())
    for source, before, after in zip(sources, alone, both, strict=True):
        of = [sorted((h for h in before if h.direction == d), key=lambda h: -h.score)[:3] for d in (0, 1)]
        own = [{h.tokens: h.score for h in side} for side in of]
        assert {h.tokens for h in after} == {*own[0], *own[1]} and len(after) > 2
        judged = {}
        for text in {*own[0], *own[1]}:
            tokens = torch.tensor([text], dtype=torch.long).view(1, -1)
            history, mask = apart.histories(tokens, tokens >= 0)
            logs = apart(torch.from_numpy(source)[None], None, history, mask).log_softmax(2)
            says = [
                sum(float(logs[d, t, x]) for t, x in enumerate([*history[d].tolist(), END])) / (len(text) + 1) ** 0.7
                for d in (0, 1)
            ]
            judged[text] = sum(own[d].get(text, says[d]) for d in (0, 1)) / 2
        assert [h.score for h in after] == pytest.approx(sorted(judged.values(), reverse=True), rel=1e-4)
        assert all(h.score == pytest.approx(judged[h.tokens], rel=1e-4) for h in after)


def test_without_interaction_a_text_has_the_same_score_whoever_wrote_it():
    made = model(seed=3, interaction=0.0)
    for source in ([5, 6, 7], [9, 6]):
        for h in written(made, [np.array(source)], Search(beam=3, longest=6, length_penalty=0.0))[0]:
            tokens = torch.tensor([h.tokens], dtype=torch.long).view(1, -1)
            history, mask = made.histories(tokens, tokens >= 0)
            logs = made(torch.tensor([source]), None, history, mask).log_softmax(2)
            total = sum(float(logs[d, t, x]) for d in (0, 1) for t, x in enumerate([*history[d].tolist(), END]))
            assert h.score == pytest.approx(total / 2, rel=1e-4)


def test_what_is_drawn_is_not_judged_again():
    made, search = model(seed=3), Search(beam=4, longest=6, temperature=1.0)
    assert written(made, [np.array([5, 6])], search) == written(made, [np.array([5, 6])], replace(search, judge="own"))


def test_lengths_are_allowed_for_as_the_option_says():
    made, source = model("left-to-right"), [np.array([5, 6, 7])]
    plain, wu = (Search(beam=4, longest=6, length_penalty=a, length_norm=b) for a, b in ((0.0, "power"), (0.6, "wu")))
    totals = {h.tokens: h.score for h in written(made, source, plain)[0]}
    same = [h for h in written(made, source, wu)[0] if h.tokens in totals]
    assert len(same) > 1
    for h in same:
        assert h.score == pytest.approx(totals[h.tokens] / ((5 + len(h.tokens) + 1) / 6) ** 0.6, rel=1e-4)


@pytest.mark.parametrize("judge", ["own", "both"])
def test_where_options_leave_nothing_nothing_is_written(judge):
    made = model()
    search = Search(beam=2, longest=20, shortest=20, no_repeat=1, judge=judge)
    assert written(made, [np.array([5, 6]), np.array([7])], search) == [[], []]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_both_directions_agree_in_any_precision(dtype):
    made = model().to(dtype)
    assert len(written(made, [np.array([5, 6])], Search(beam=2, longest=5))[0]) >= 2


def test_a_prefix_fits_the_half_that_it_begins():
    made, source = model("to-middle"), [np.array([5, 6])]
    with pytest.raises(BadInput, match="the half that a prefix begins has 2 tokens at most; got a prefix of 3"):
        written(made, source, Search(longest=4), prefix=[5, 6, 7])
    assert written(made, source, Search(longest=4), prefix=[5, 6])[0][0].tokens[:2] == (5, 6)


def test_no_text_is_found_twice():
    for h in (written(model(way, seed=5), [np.array([5, 6])], Search(beam=8, longest=6))[0] for way in ("to-middle",)):
        tokens = [one.tokens for one in h]
        assert len(set(tokens)) == len(tokens) > 1


def test_what_is_drawn_depends_on_the_number_of_the_source():
    made, search = model("left-to-right"), Search(beam=1, longest=8, temperature=9.0)
    sources = [np.array([5, 6])] * 4
    together = written(made, sources, search)
    assert len({one[0].tokens for one in together}) > 1
    alone = [one for i in range(4) for one in written(made, sources[i : i + 1], search, first=i)]
    assert [one[0].tokens for one in alone] == [one[0].tokens for one in together]


LENGTHS = replace(SHAPE, longest=4, longest_target=9)
LONG = torch.randint(4, 12, (3, 9), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("direction", "attention", "kind"), [
    *((direction, "softmax", "random") for direction in DIRECTIONS),
    ("left-to-right", "synthesizer", "random"), ("left-to-right", "synthesizer", "dense"),
    ("left-to-right", "nystrom", "random"),
])  # fmt: skip
def test_targets_may_be_longer_than_sources(direction, attention, kind):
    torch.manual_seed(0)
    shape = replace(LENGTHS, attention=attention, kind=kind, landmarks=2)
    made = Seq2Seq(12, shape, direction, copy=True).eval()
    made.copying.normal_()
    history, mask = made.histories(LONG, torch.ones_like(LONG, dtype=torch.bool))
    whole = made(SOURCE, SOURCE_MASK, history, mask).log_softmax(2)
    stepper, rows = Stepper(made, SOURCE, SOURCE_MASK, 1), torch.arange(len(history))
    for t in range(history.shape[1] + 1):
        tokens = history.masked_fill(~mask, END)[:, t - 1]
        log = stepper(None if t == 0 else tokens, rows)
        both = mask[:, t - 1] if t else torch.ones(len(rows), dtype=torch.bool)
        assert (log - whole[:, t])[both].abs().max() < 1e-5
    sources = [np.array([5, 6, 7, 8]), np.array([9, 6])]
    lengths = [len(best.tokens) for best, *_ in written(made, sources, Search(beam=2, longest=9))]
    assert 4 < max(lengths) <= 9  # nothing was learned, so nothing ends early
