"""Objectives against exposure bias are what they say, on models of minent and of Hugging Face alike."""

import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import nn
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BlenderbotConfig,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)
from transformers import BlenderbotForConditionalGeneration as Blenderbot

from minent.data.texts.pairs import Pairs
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text.exposure import (
    Adversarial,
    GradientPenalty,
    RandomReplacement,
    RDrop,
    ScheduledSampling,
    TeacherForcing,
    TeaForN,
    with_objective,
)
from minent.text.exposure.diagnosis import exposure
from minent.text.exposure.folder import hub_batches
from minent.text.exposure.likelihood import writer_likelihoods
from minent.text.exposure.objective import reads_of
from minent.text.exposure.reads import Reads
from minent.text.options import Reading, Search, Writing
from minent.text.writing.loss import loss
from minent.text.writing.model import alone
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.text.writing.write import written
from minent.training.recipe import Recipe

V, END = 14, 3
ALL = [
    TeacherForcing(), RandomReplacement(1.0, 0.5), RandomReplacement(1.0, 0.5, "both"),
    RandomReplacement(1.0, 0.5, "vocabulary"), GradientPenalty(), Adversarial(), ScheduledSampling(0.2), TeaForN(3),
    RDrop(),
]  # fmt: skip
EACH = pytest.mark.parametrize("objective", ALL, ids=repr)
ONCE = pytest.mark.parametrize("objective", ALL[:-1], ids=repr)  # without R-Drop, which is for dropout
SOURCE = torch.tensor([[5, 6, 7, 8], [9, 6, 0, 0], [8, 8, 5, 0]])
TARGET = torch.tensor([[7, 9, 5, 6], [8, 5, 10, 0], [6, 0, 0, 0]])
BATCH = {"source": SOURCE, "source_mask": SOURCE > 0, "target": TARGET, "target_mask": TARGET > 0}
LABELS = torch.tensor([[7, 9, 5, 6, END], [8, 5, 10, END, -100], [6, END, -100, -100, -100]])
HUB_BATCH = {"input_ids": SOURCE, "attention_mask": (SOURCE > 0).long(), "labels": LABELS}
CAUSAL = {
    "input_ids": torch.tensor([[5, 6, 7, 9, 5, END], [9, 6, 6, 8, END, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0]]),
    "labels": torch.tensor([[-100, -100, 7, 9, 5, END], [-100, -100, -100, 8, END, -100]]),
}
SHAPE = Shape(dim=16, heads=2, layers=2, hidden=32, dropout=0.0, positions="learned", longest=20)


def model(direction="left-to-right", dropout=0.0, **options):
    torch.manual_seed(0)
    shape = Shape(**{**vars(SHAPE), "dropout": dropout})
    return Seq2Seq(V, shape, direction, **options)


def twin(ours):
    """A model of transformers that computes what ours does."""
    config = BlenderbotConfig(
        vocab_size=V + 1, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=21, dropout=0.0,
        attention_dropout=0.0, scale_embedding=True, pad_token_id=0, eos_token_id=END, bos_token_id=END,
        decoder_start_token_id=V, forced_eos_token_id=None, encoder_no_repeat_ngram_size=0,
    )  # fmt: skip
    theirs = Blenderbot(config)
    places = ours.embedding.learned
    pairs = [
        (theirs.model.encoder.embed_positions.weight, places),
        (theirs.model.decoder.embed_positions.weight, places),
    ]
    start = (ours.starts - places[:1]) / 16**0.5
    pairs.append((theirs.model.shared.weight, torch.cat([ours.embedding.tokens.weight, start])))
    for side, mine in ((theirs.model.encoder, ours.encoder), (theirs.model.decoder, ours.decoder)):
        norms = ["self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"]
        norms = norms if mine is ours.decoder else norms[::2]
        linear = [(side.layer_norm, mine.norm)]
        for layer, own in zip(side.layers, mine.layers, strict=True):
            linear += [(getattr(layer, name), norm) for name, norm in zip(norms, own.norms, strict=True)]
            linear += [(layer.fc1, own.feed.into), (layer.fc2, own.feed.out)]
            both = [(layer.self_attn, own.attention)]
            both += [(layer.encoder_attn, own.across)] if mine is ours.decoder else []
            for attention, one in both:
                names = (("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"), ("out_proj", "out"))
                linear += [(getattr(attention, a), getattr(one, b)) for a, b in names]
        pairs += [(getattr(a, name), getattr(b, name)) for a, b in linear for name in ("weight", "bias")]
    with torch.no_grad():
        for weight, value in pairs:
            assert weight.shape == value.shape
            weight.copy_(value)
        theirs.final_logits_bias[0, V] = -1e9  # the start is never written
    return theirs


def bart(dropout=0.0, **options):
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=V, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=32, pad_token_id=0,
        bos_token_id=2, eos_token_id=END, decoder_start_token_id=2, forced_eos_token_id=None, dropout=dropout,
        **options,
    )  # fmt: skip
    return BartForConditionalGeneration(config)


def gpt(places=1024):
    torch.manual_seed(0)
    options = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    sizes = {"vocab_size": V, "n_positions": places, "n_embd": 16, "n_layer": 2, "n_head": 2}
    return GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=2, eos_token_id=END, **options))


def mean(made, objective, batch=BATCH, **options):
    torch.manual_seed(3)
    return objective(made, batch, **options)


class Wrapped(nn.Module):
    """Ours, called as a model of transformers is."""

    def __init__(self, ours):
        super().__init__()
        self.ours = ours
        self.config = BartConfig(pad_token_id=0, bos_token_id=END, eos_token_id=END, decoder_start_token_id=END)
        self.get_decoder = lambda: self
        self.get_input_embeddings = lambda: ours.embedding.tokens

    def forward(self, input_ids, attention_mask, decoder_input_ids, use_cache):
        history = decoder_input_ids[:, 1:]
        return BaseModelOutput(self.ours(input_ids, attention_mask.bool(), history, history > 0))


class BaseModelOutput:
    def __init__(self, logits):
        self.logits = logits


@ONCE
def test_the_loss_on_a_hugging_face_model_is_that_on_its_twin(objective):
    ours = model()
    theirs = twin(ours)
    with torch.no_grad():
        scores = theirs(**HUB_BATCH).logits[..., :V]
        assert (scores - ours(SOURCE, SOURCE > 0, TARGET, TARGET > 0))[LABELS != -100].abs().max() < 1e-5
        assert scores.std() > 0.5
    if isinstance(objective, GradientPenalty | Adversarial):  # the start is an embedding there, and so part of E
        theirs = Wrapped(model())
    if objective == RandomReplacement(1.0, 0.5, "vocabulary"):  # both know the same tokens for special
        theirs.config.pad_token_id = END
        theirs.generation_config.pad_token_id = END
    one, other = mean(ours, objective), mean(theirs, objective, HUB_BATCH)
    assert one.item() == pytest.approx(other.item(), rel=2e-5)
    if not isinstance(objective, TeacherForcing):
        assert abs(one.item() - mean(ours, TeacherForcing()).item()) > 1e-3
    one.backward()
    other.backward()
    slope = ours.encoder.layers[0].feed.into.weight.grad
    mirrored = (
        theirs.ours.encoder.layers[0].feed.into if isinstance(theirs, Wrapped) else theirs.model.encoder.layers[0].fc1
    )
    assert slope.abs().max() > 1e-4
    assert torch.allclose(slope, mirrored.weight.grad, rtol=1e-3, atol=1e-6)


def test_teacher_forcing_is_the_loss_of_hugging_face():
    for made, batch in ((bart(), HUB_BATCH), (gpt(), CAUSAL)):
        assert TeacherForcing()(made, batch).item() == pytest.approx(made(**batch).loss.item(), rel=1e-6)


@pytest.mark.parametrize("nothing", [
    RandomReplacement(0.0, 0.3), RandomReplacement(0.5, 0.0), ScheduledSampling(gold=1.0, decay="inverse-sigmoid"),
])  # fmt: skip
@pytest.mark.parametrize("direction", ["left-to-right", "bidirectional"])
def test_no_replacement_is_teacher_forcing_bit_for_bit(nothing, direction):
    found = []
    for objective in (TeacherForcing(), nothing):
        made = model(direction, dropout=0.3)
        lost = mean(made, objective, smoothing=0.1)
        lost.backward()
        found.append((lost.detach(), made.embedding.tokens.weight.grad))
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    made = model(direction, dropout=0.3)
    torch.manual_seed(3)
    total, count = loss(made, BATCH, 0.1)
    assert torch.equal(found[0][0], (total / count).detach())


@pytest.mark.parametrize("nothing", [GradientPenalty(0.0), Adversarial(0.0), TeaForN(1), TeaForN(3, 0.0), RDrop(0.0)])
def test_objectives_that_add_nothing_are_teacher_forcing(nothing):
    for made, batch in ((model(), BATCH), (model("bidirectional", copy=True), BATCH), (bart(), HUB_BATCH)):
        assert mean(made, nothing, batch).item() == pytest.approx(mean(made, TeacherForcing(), batch).item(), rel=1e-5)


def test_as_many_tokens_are_replaced_as_asked_for():
    rows, width = 4000, 12
    target = torch.randint(5, 500, (rows, width), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(width) < torch.randint(1, width + 1, (rows, 1), generator=torch.Generator().manual_seed(2))
    source = torch.randint(500, 999, (rows, 5), generator=torch.Generator().manual_seed(3))
    batch = {"source": source, "source_mask": torch.ones_like(source, dtype=torch.bool)}
    made = Seq2Seq(1000, Shape(dim=8, heads=2, layers=1, hidden=8))
    read = reads_of(made, {**batch, "target": target * mask, "target_mask": mask})
    torch.manual_seed(0)
    for origin in ("target", "both", "vocabulary"):
        new = RandomReplacement(0.5, 0.3, origin).replaced(read)
        assert torch.equal(new[~mask], read.tokens[~mask])
        changed = (new != read.tokens) & mask
        expected = 0.15 * mask.sum().item()
        pool = {"target": mask.sum(1), "both": mask.sum(1) + 5, "vocabulary": torch.full((rows,), 999)}[origin]
        chance = (1 - 1 / pool).repeat_interleave(mask.sum(1))
        assert changed.sum().item() == pytest.approx(expected * chance.mean().item(), rel=0.06)
        share = changed.any(1).double().mean().item()
        assert 0.25 < share < 0.5  # half of the texts are touched, and some of these by chance not
        rows_changed, _ = changed.nonzero(as_tuple=True)
        token = new[changed]
        own = ((token[:, None] == read.tokens[rows_changed]) & mask[rows_changed]).any(1)
        of_source = (token[:, None] == source[rows_changed]).any(1)
        assert own.all() if origin == "target" else own.double().mean() < 0.9
        if origin == "both":
            assert (own | of_source).all() and of_source.double().mean() > 0.2
        if origin == "vocabulary":
            assert END not in token and len(token.unique()) > 900


def test_separators_prefixes_and_padding_stay():
    for made, batch in ((bart(), HUB_BATCH), (gpt(), CAUSAL)):
        read = reads_of(made, batch)
        texts = [
            row[row >= 5].tolist() for row in (batch["labels"] if made.config.is_encoder_decoder else CAUSAL["labels"])
        ]
        free = [row[at].tolist() for row, at in zip(read.tokens, read.free, strict=True)]
        assert free == texts
        torch.manual_seed(0)
        new = RandomReplacement(1.0, 1.0).replaced(read)
        assert torch.equal(new[~read.free], read.tokens[~read.free])
        assert not torch.equal(new, read.tokens)


def test_what_was_not_replaced_is_what_the_model_wrote_best():
    made = model("bidirectional").eval()
    read = reads_of(made, BATCH)
    best = read.scores(read.tokens)
    best[..., END] = -torch.inf
    mixed = ScheduledSampling(0.5).mixed(read, 0.0)
    assert torch.equal(mixed[read.free], best[:, :-1].argmax(2)[read.free])
    assert torch.equal(mixed[~read.free], read.tokens[~read.free])
    torch.manual_seed(0)
    half = [ScheduledSampling().mixed(read, 0.5) for _ in range(200)]
    kept = torch.stack([one == read.tokens for one in half])[:, read.free & (mixed != read.tokens)]
    assert kept.double().mean().item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("decay", ["linear", "exponential", "inverse-sigmoid"])
def test_the_share_of_gold_falls_to_what_is_asked_for(decay):
    scheduled = ScheduledSampling(0.25, decay)
    shares = [scheduled.share(u) for u in np.linspace(0, 1, 11)]
    assert shares[0] > 0.985 and shares[-1] == pytest.approx(0.25)
    assert all(a > b for a, b in pairwise(shares))


@dataclass
class Linear(Reads):
    """Scores W e(token): a model whose gradients are known."""

    embedding: nn.Embedding
    map: torch.Tensor
    tokens: torch.Tensor
    wanted: torch.Tensor

    def __post_init__(self):
        self.free = self.counts = torch.ones_like(self.tokens, dtype=torch.bool)

    def scores(self, history):
        return self.embedding(history) @ self.map


def linear():
    torch.manual_seed(1)
    embedding = nn.Embedding(6, 4).double()
    return Linear(
        embedding,
        torch.randn(4, 6).double(),
        torch.tensor([[1, 2, 1], [5, 3, 1]]),
        torch.tensor([[2, 1, 0], [3, 1, 4]]),
    )


def by_hand(read, weight):
    """The mean cross entropy and its gradient by the embeddings: Σ over places of W (p − y) / N, in the token's row."""
    total, slope, n = 0.0, torch.zeros_like(weight), read.tokens.numel()
    for token, wanted in zip(read.tokens.flatten().tolist(), read.wanted.flatten().tolist(), strict=True):
        p = (weight[token] @ read.map).softmax(0)
        total -= p[wanted].log() / n
        y = torch.zeros(6).double()
        y[wanted] = 1
        slope[token] += read.map @ (p - y) / n
    return total, slope


class Bare(nn.Module):
    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding


def test_the_penalty_of_a_linear_model_is_the_one_computed_by_hand():
    read = linear()
    total, count = GradientPenalty(0.7).lost(Bare(read.embedding), read, {}, 0.0)
    entropy, slope = by_hand(read, read.embedding.weight.detach())
    wanted = entropy + 0.35 * slope.square().sum()
    assert slope.square().sum() > 0.01
    assert (total / count).item() == pytest.approx(wanted.item(), rel=1e-12)
    total.backward()  # its gradient too: by differences
    place, step = (1, 2), 1e-6
    ends = []
    for sign in (1, -1):
        moved = read.embedding.weight.detach().clone()
        moved[place] += sign * step
        entropy, slope = by_hand(read, moved)
        ends.append(entropy + 0.35 * slope.square().sum())
    by_differences = count * (ends[0] - ends[1]) / (2 * step)
    assert read.embedding.weight.grad[place].item() == pytest.approx(by_differences.item(), rel=1e-6)


def test_the_adversary_of_a_linear_model_moves_along_the_gradient_computed_by_hand():
    read = linear()
    before = read.embedding.weight.detach().clone()
    total, count = Adversarial(0.3).lost(Bare(read.embedding), read, {}, 0.0)
    entropy, slope = by_hand(read, before)
    worse, _ = by_hand(read, before + 0.3 * slope / slope.norm())
    assert worse > entropy + 0.01
    assert (total / count).item() == pytest.approx(worse.item(), rel=1e-12)
    assert torch.equal(read.embedding.weight, before)


def test_expectations_that_are_sure_are_tokens():
    made = model("bidirectional").eval()
    read = reads_of(made, BATCH)
    hard = ScheduledSampling().mixed(read, 0.0)
    vectors = made.embedding.tokens(hard)
    assert torch.allclose(read.scores(vectors), read.scores(hard), atol=1e-6)
    theirs = bart().eval()
    read = reads_of(theirs, HUB_BATCH)
    new = RandomReplacement(1.0, 1.0).replaced(read)
    assert torch.allclose(read.scores(read.embedding(new)), read.scores(new), atol=1e-5)
    read = reads_of(gpt().eval(), CAUSAL)
    new = RandomReplacement(1.0, 1.0).replaced(read)
    assert torch.allclose(read.scores(read.embedding(new)), read.scores(new), atol=1e-5)
    assert not torch.allclose(read.scores(read.embedding(new)), read.scores(read.tokens), atol=1e-2)


@EACH
def test_models_of_bfloat16_learn_by_every_objective(objective):
    made = model(dropout=0.2).bfloat16()
    mean(made, objective).backward()
    assert made.embedding.tokens.weight.grad.isfinite().all()


def test_two_readings_of_r_drop_differ_by_dropout_only():
    made = model(dropout=0.4)
    assert mean(made, RDrop(0.0)).item() != mean(made, TeacherForcing()).item()
    assert mean(made, RDrop(5.0)).item() > mean(made, RDrop(0.0)).item() + 0.05
    torch.manual_seed(3)
    read = reads_of(made, BATCH)
    with torch.no_grad():
        first, second = (read.scores(read.tokens)[read.counts].softmax(1) for _ in range(2))
        wanted = read.wanted[read.counts]
        entropies = [F.nll_loss(p.log(), wanted) for p in (first, second)]
        apart = [(p * (p / q).log()).sum(1).mean() for p, q in ((first, second), (second, first))]
    by_hand = sum(entropies) / 2 + 5 / 4 * sum(apart)
    assert mean(made, RDrop(5.0)).item() == pytest.approx(by_hand.item(), rel=1e-4)


def spelled(count, seed=0):
    random = np.random.default_rng(seed)
    numbers = [random.integers(0, 10, random.integers(2, 5)).tolist() for _ in range(count)]
    sources = [" ".join(map(str, one)) for one in numbers]
    return Pairs(sources, [" ".join(f"{digit} {digit}" for digit in one) for one in numbers])


@EACH
@pytest.mark.parametrize(("direction", "attention", "precision"), [
    ("left-to-right", "synthesizer", "fp32"), ("bidirectional", "softmax", "bf16"),
])  # fmt: skip
def test_it_trains_with_every_decoder_attention_and_precision(objective, direction, attention, precision):
    pairs = spelled(200)
    shape = Shape(dim=32, heads=2, layers=1, hidden=64, longest=20, dropout=0.05, attention=attention)
    made = new_seq2seq(pairs, shape, Reading("words", vocabulary=20, tokens=300), Writing(direction))
    recipe = Recipe(steps=40, learning_rate=5e-3, warmup=5, precision=precision, accumulate=2)
    two_pass = 0.1 if direction == "bidirectional" else 0.0
    options = {"objective": objective, "smoothing": 0.0, "tokens": 300, "two_pass": two_pass}
    records = list(train_seq2seq(made, pairs, None, recipe, **options))
    assert len(records) == (44 if two_pass else 40)
    assert records[39].loss < 0.8 * records[0].loss
    assert torch.isfinite(made.embedding.tokens.weight).all()


@pytest.mark.parametrize("objective", [RandomReplacement(), ScheduledSampling(0.3)], ids=repr)
def test_a_run_that_goes_on_ends_as_one_without_a_break(objective, tmp_path):
    pairs = spelled(60)
    ends = []
    for broken in (False, True):
        made = new_seq2seq(pairs, SHAPE, Reading("words", 20, 100), Writing())
        options = {"objective": objective, "tokens": 100, "folder": tmp_path / str(broken)}
        recipe = Recipe(steps=8, learning_rate=5e-3, save_every=3)
        if broken:
            list(islice(train_seq2seq(made, pairs, None, recipe, **options), 5))
            made = new_seq2seq(pairs, SHAPE, Reading("words", 20, 100), Writing())
        list(train_seq2seq(made, pairs, None, recipe, resume=broken, **options))
        ends.append(made.embedding.tokens.weight.detach())
    assert torch.equal(*ends)


def test_what_a_model_errs_in_is_counted():
    pairs = spelled(40, seed=5)
    made = new_seq2seq(pairs, SHAPE, Reading("words", vocabulary=20), Writing())
    list(train_seq2seq(made, spelled(600), None, Recipe(steps=150, learning_rate=5e-3, warmup=5), tokens=600))
    batches = list(batched(made, pairs, 100, shuffle=False).epoch(1))
    assert len(batches) > 1
    tensors = [{name: torch.from_numpy(array) for name, array in batch.items()} for batch in batches]
    measured = exposure(made, tensors, seed=2)
    assert measured.histories == ("gold", "10 % replaced", "30 % replaced", "50 % replaced", "own")
    found = list(measured.accuracy.values())
    assert found[0] > found[1] > found[2] > found[3] and found[0] > 0.5
    assert measured.count[0] == 40 and measured.count.sum() == sum(len(t.split()) + 1 for t in pairs.targets)
    ids = [made.tokenizer.encode(text, add_special_tokens=False).ids for text in pairs.targets]
    sources = [np.array(made.tokenizer.encode(text, add_special_tokens=False).ids, np.int32) for text in pairs.sources]
    wrote = [hypotheses[0].tokens for hypotheses in written(made, sources, Search(beam=1))]
    right = sum(
        (a + (END,))[t] == b
        for a, one in zip(wrote, ids, strict=True)
        for t, b in enumerate([*one, END])
        if t <= len(a)
    )
    assert measured.right[-1].sum() == right
    assert exposure(made, tensors, seed=2).right.tolist() == measured.right.tolist()
    table = measured.to_frame()
    assert table[table.history == "gold"].right.sum() == measured.right[0].sum()
    names, share = measured.binned()
    assert names == ["1", "2", "3–4", "5–8", "9"] and share.shape == (5, 5)
    assert not made.training


def test_it_is_measured_alike_on_a_hugging_face_model_and_its_twin():
    ours = model().eval()
    theirs = twin(ours).eval()
    one, other = (exposure(made, [batch], seed=4) for made, batch in ((ours, BATCH), (theirs, HUB_BATCH)))
    assert one.right.tolist() == other.right.tolist() and one.count.tolist() == other.count.tolist() == [3, 3, 2, 2, 1]
    assert one.right.sum() > 0


@pytest.mark.parametrize("made", [bart, gpt])
def test_pairs_longer_than_a_hugging_face_model_are_cut_to_its_places(made):
    words = Tokenizer(models.WordLevel({"<pad>": 0, "a": 5, "b": 6, "?": 7}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="?")
    reader = made(32) if made is gpt else made()
    batches = list(hub_batches(reader, tokenizer, Pairs(["a " * 60, "a"], ["b " * 60, "b"])))
    assert batches[0]["input_ids"].shape[1] > 20
    assert exposure(reader, batches).count[0] == 2


def test_a_decoder_writes_after_its_prefix():
    made = gpt().eval()
    with torch.no_grad():
        made.transformer.wpe.weight.mul_(20)
    read = reads_of(made, CAUSAL)
    own = read.own()
    for row, prefix in enumerate(([5, 6], [9, 6, 6])):
        tokens, places = torch.tensor([prefix]), read.counts[row].nonzero()[:, 0].tolist()
        for place in places:
            best = made(input_ids=tokens).logits[0, -1].argmax()
            assert own[row, place] == best
            if best == END:
                break
            tokens = torch.cat([tokens, best[None, None]], dim=1)
    assert exposure(made, [CAUSAL]).count.tolist() == [2, 2, 1, 1]


def test_a_decoder_without_a_prefix_writes_after_its_first_token():
    made = gpt().eval()
    tokens = torch.tensor([[5, 6, 7, END], [8, 9, END, END]])
    labels = torch.tensor([[5, 6, 7, END], [-100, -100, -100, -100]])
    assert exposure(made, [{"input_ids": tokens, "labels": labels}]).count.tolist() == [1, 1, 1]
    with pytest.raises(BadInput, match="measured on texts; got none"):
        exposure(made, [{"input_ids": tokens[1:], "labels": labels[1:]}])


def test_no_token_that_opens_a_text_stands_within_a_sequence():
    words = Tokenizer(models.WordLevel({"<pad>": 0, "<s>": 2, "a": 5, "b": 6, "?": 7}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 2)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="?", bos_token="<s>")
    (batch,) = hub_batches(gpt(), tokenizer, Pairs(["a"], ["b"]))
    assert batch["input_ids"].tolist() == [[2, 5, 6]] and batch["labels"].tolist() == [[-100, -100, 6]]
    (batch,) = hub_batches(bart(), tokenizer, Pairs(["a"], ["b"]))
    assert batch["labels"].tolist() == [[2, 6]]


def test_a_bidirectional_model_is_measured_without_the_answer():
    pairs = spelled(30)
    made = new_seq2seq(pairs, SHAPE, Reading("words", vocabulary=20), Writing("bidirectional", interaction=5.0))
    list(train_seq2seq(made, pairs, None, Recipe(steps=300, learning_rate=5e-3, warmup=5), tokens=600))
    batch = {k: torch.from_numpy(v) for k, v in next(batched(made, pairs, 4000, shuffle=False).epoch(1)).items()}
    leaking = reads_of(made, batch)
    leaked = (
        (leaking.scores(leaking.tokens).argmax(2) == leaking.wanted) & leaking.counts
    ).sum() / leaking.counts.sum()
    measured = exposure(made, [batch])
    assert measured.count.sum() == leaking.counts.sum()
    assert measured.accuracy["gold"] < leaked.item() - 0.05


def test_a_trainer_of_hugging_face_takes_an_objective(tmp_path):
    from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments

    rows = [
        {"input_ids": SOURCE[i], "attention_mask": (SOURCE[i] > 0).long(), "labels": LABELS[i]} for i in range(3)
    ] * 4
    ends = {}
    for name, objective, accumulate in (
        ("plain", None, 1), ("same", TeacherForcing(), 1), ("in parts", TeacherForcing(), 2),
        ("replaced", RandomReplacement(1.0, 0.5), 1),
    ):  # fmt: skip
        trainer = Seq2SeqTrainer if objective is None else with_objective(Seq2SeqTrainer, objective)
        arguments = Seq2SeqTrainingArguments(
            output_dir=str(tmp_path), max_steps=3, per_device_train_batch_size=4 // accumulate, seed=1, report_to=[],
            gradient_accumulation_steps=accumulate, disable_tqdm=True, logging_strategy="no", save_strategy="no",
            use_cpu=True, learning_rate=1e-2,
        )  # fmt: skip
        made = bart()
        trained = trainer(model=made, args=arguments, train_dataset=rows, eval_dataset=rows[:3])
        trained.train()
        ends[name] = made.model.shared.weight.detach().clone()
        assert np.isfinite(trained.evaluate()["eval_loss"])
    assert torch.allclose(ends["plain"], ends["same"], atol=1e-5)
    assert torch.allclose(ends["in parts"], ends["same"], atol=1e-5)
    assert not torch.allclose(ends["plain"], ends["replaced"], atol=1e-3)
    assert with_objective(Seq2SeqTrainer, TeacherForcing()).__name__ == "Seq2SeqTrainer"


def penalised_nystrom():
    shape = Shape(dim=16, heads=2, layers=1, hidden=16, attention="nystrom", landmarks=4)
    pairs = spelled(9)
    list(train_seq2seq(new_seq2seq(pairs, shape, Reading("words", 20), Writing()), pairs, objective=GradientPenalty()))


def checkpointed(attention, reentrant=False):
    made = bart(attn_implementation=attention).train()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is getting another name
        made.gradient_checkpointing_enable({"use_reentrant": reentrant})
    return made


def test_a_penalty_is_the_same_beside_checkpoints():
    with_them = GradientPenalty()(checkpointed("eager"), HUB_BATCH)
    with_them.backward()
    assert with_them.item() == pytest.approx(GradientPenalty()(bart(), HUB_BATCH).item(), rel=1e-5)


@pytest.mark.parametrize("objective", [GradientPenalty(), Adversarial()], ids=repr)
@pytest.mark.parametrize(("make", "batch"), [(model, BATCH), (bart, HUB_BATCH)])
def test_frozen_embeddings_have_a_gradient_too_and_stay(objective, make, batch):
    learned, still = make(), make()
    embeddings = reads_of(still, batch).embedding.weight.requires_grad_(False)
    one, other = (mean(made, objective, batch) for made in (learned, still))
    assert one.item() == other.item() != mean(still, TeacherForcing(), batch).item()
    one.backward()
    other.backward()
    assert embeddings.grad is None
    slopes = [dict(made.named_parameters()) for made in (learned, still)]
    assert all(
        torch.allclose(slopes[0][name].grad, weight.grad, atol=1e-6)
        for name, weight in slopes[1].items()
        if weight.requires_grad and weight.grad is not None
    )
    assert any(weight.grad is not None for weight in slopes[1].values())


@pytest.mark.parametrize("objective", ALL, ids=repr)
def test_where_nothing_is_wanted_nothing_is_lost_or_learned(objective):
    made = bart(dropout=0.2)
    lost = mean(made, objective, {**HUB_BATCH, "labels": torch.full_like(LABELS, -100)})
    lost.backward()
    assert lost.item() == 0
    assert all(weight.grad is None or not weight.grad.any() for weight in made.parameters())


@pytest.mark.parametrize("objective", ALL, ids=repr)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_tokens_that_cannot_be_are_no_reason_for_nan(objective, smoothing):
    found = []
    for never in (-torch.inf, -1e9):
        made = bart(dropout=0.2)
        made.final_logits_bias[:, 11:] = never
        lost = mean(made, objective, HUB_BATCH, smoothing=smoothing)
        lost.backward()
        slope = made.model.shared.weight.grad
        assert slope.isfinite().all()
        found.append(lost.item())
    assert np.isfinite(found[0]) and (smoothing or found[0] == pytest.approx(found[1], rel=1e-5))


@pytest.mark.parametrize(("wrong", "sentence"), [
    (lambda: RandomReplacement(tokens=-0.1), "tokens must be from 0 to 1; got -0.1"),
    (lambda: GradientPenalty(-1.0), "epsilon must be at least 0; got -1.0"),
    (lambda: ScheduledSampling(0.0), "gold must be more than 0 and at most 1; got 0.0"),
    (lambda: TeaForN(0), "passes must be at least 1; got 0"),
    (lambda: RDrop(-1.0), "alpha must be at least 0; got -1.0"),
    (lambda: TeacherForcing()(nn.Linear(1, 1), BATCH), "a minent Seq2Seq or a Hugging Face model .*; got Linear"),
    (lambda: TeacherForcing()(bart(), {"input_ids": SOURCE}), "holds input_ids and labels, not input_ids; no labels"),
    (penalised_nystrom, "second derivatives, which Nyström attention has not"),
    (lambda: RDrop()(model(), BATCH), "two draws of dropout; this model draws none, for its dropout is 0"),
    (lambda: RDrop()(model(dropout=0.3).eval(), BATCH), "draws none, for it is in eval mode"),
    (lambda: ScheduledSampling().share(1.5), "from 0 to 1; got 1.5"),
    (lambda: ScheduledSampling().share(float("nan")), "from 0 to 1; got nan"),
    (lambda: GradientPenalty()(checkpointed("sdpa"), HUB_BATCH), "got sdpa attention and gradient checkpointing"),
    (lambda: Adversarial()(checkpointed("eager", reentrant=True), HUB_BATCH), "not reentrant"),
    (lambda: exposure(model(), []), "measured on texts; got none"),
])  # fmt: skip
def test_what_cannot_be_is_refused(wrong, sentence):
    with pytest.raises(BadInput, match=sentence):
        wrong()


@pytest.mark.parametrize("direction", ["left-to-right", "right-to-left", "bidirectional", "to-middle"])
def test_likelihoods_add_up_to_the_loss(direction):
    pairs = spelled(9)
    made = new_seq2seq(pairs, SHAPE, Reading("words", vocabulary=20), Writing(direction)).eval()
    found = writer_likelihoods(made, pairs.targets, pairs.sources)
    batch = {k: torch.from_numpy(v) for k, v in next(batched(made, pairs, 4000, shuffle=False).epoch(1)).items()}
    both = direction == "bidirectional"
    with torch.no_grad(), alone(made) if both else nullcontext():
        total, count = loss(made, batch)
    times = 2 if both else 1
    assert times * sum(one.total for one in found) == pytest.approx(-float(total), rel=1e-4)
    assert times * sum(one.tokens[0] for one in found) == count
    with pytest.raises(BadInput, match="wanted pairs of source and target; got texts alone"):
        writer_likelihoods(made, pairs.targets, None)
