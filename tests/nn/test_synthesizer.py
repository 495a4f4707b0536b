"""A Synthesizer is its slow twin, sees no later token, decodes step by step, and remembers only what still holds."""

from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import attention as naive
from naive.attention import PADDING, padding
from torch import Tensor

from minent.errors import BadInput
from minent.nn.attention import Cache, Synthesizer, attention

PLAIN = "dense", "random", "fixed", "factorised-dense", "factorised-random"
MIXED = "random+softmax", "dense+softmax", "random+dense", "fixed+factorised-dense+factorised-random+softmax"
KINDS = PLAIN + MIXED
CONSTANT = "random", "fixed", "factorised-random", "random+factorised-random"
LONGEST = 11


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def layer(kind: str, seed: int = 0) -> Synthesizer:
    """Of float64; no number in it is as it begins, so that no bias and no mixture stays at zero unseen."""
    torch.manual_seed(seed)
    synthesizer = Synthesizer(6, 2, longest=LONGEST, kind=kind).double()
    with torch.no_grad():
        for parameter in synthesizer.parameters():
            parameter.normal_(std=0.7)
    return synthesizer


def scores(layer: Synthesizer, x: Tensor):
    """The naive scores (sample, head, query) of a layer, one for each position up to the longest, or to the keys'."""

    def pair(linear: torch.nn.Linear, head: int) -> tuple[Tensor, Tensor]:
        dim = len(linear.bias) // layer.heads
        columns = slice(head * dim, (head + 1) * dim)
        return linear.weight.T[:, columns], linear.bias[columns]

    def second(part, head: int) -> tuple[Tensor, Tensor]:
        return part.weight[head], part.bias[head, 0]

    def of(kind: str, sample: int, head: int, i: int):
        part = dict(layer.parts.items()).get(kind)
        if kind in ("random", "fixed"):
            return list(part.scores[head, i])
        if kind == "factorised-random":
            return naive.factorised_random(part.rows[head], part.columns[head], i)
        if kind == "dense":
            return naive.dense(x[sample, i], pair(part.hidden, head), second(part.scores, head))
        if kind == "factorised-dense":
            first = pair(part.hidden, head)
            tiled, repeated = (naive.dense(x[sample, i], first, second(p, head)) for p in (part.tiled, part.repeated))
            return naive.factorised_dense(tiled, repeated)
        (wq, bq), (wk, bk) = pair(layer.query, head), pair(layer.key, head)
        query = x[sample, i] @ wq + bq
        return [query @ (token @ wk + bk) / len(query) ** 0.5 for token in x[sample]]

    def row(sample: int, head: int, i: int):
        if layer.mixture is None:
            return of(next(iter(layer.parts)), sample, head, i)
        alpha = torch.stack([layer.mixture[kind] for kind in layer.mixture])
        return naive.mixture([of(kind, sample, head, i) for kind in layer.mixture], alpha)

    return row


def twin(layer: Synthesizer, x: Tensor, real: Tensor | None = None, causal: bool = False) -> Tensor:
    x = x if real is None else x * real[:, :, None]  # what padding asks means nothing: here, what zeros ask
    value = naive.heads(x, layer.value.weight, layer.value.bias, layer.heads)
    out = naive.synthesised(scores(layer, x), value, real, causal)
    return naive.joined(out, layer.out.weight, layer.out.bias)


def sighted(real: Tensor | None, x: Tensor, causal: bool) -> Tensor:
    """The queries that have a real token to look at; what others are answered means nothing."""
    seen = torch.ones(x.shape[:2]).bool() if real is None else real
    return seen.cumsum(1) > 0 if causal else seen.any(1, keepdim=True).expand(x.shape[:2])


def same(layer: Synthesizer, x: Tensor, real: Tensor | None, causal: bool) -> None:
    """The layer is its twin, in double and in single precision, in training and, with and without memory, in use."""
    with torch.no_grad():
        seen, slow = sighted(real, x, causal), twin(layer, x, real, causal)
        outs = [mode(x, padding_mask=real, causal=causal) for mode in (layer.train(), layer.eval(), layer.eval())]
        single = deepcopy(layer).float()(x.float(), padding_mask=real, causal=causal)
    for out in outs:
        assert out.isfinite().all()
        torch.testing.assert_close(out[seen], slow[seen], rtol=0, atol=1e-10)
    torch.testing.assert_close(single[seen].double(), slow[seen], rtol=0, atol=1e-4)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("real", PADDING)
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_slow_twin(kind: str, real: str, causal: bool):
    same(layer(kind), numbers(2, 5, 6), padding(real, 2, 5), causal)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("length", [1, 4, LONGEST])
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_slow_twin_at_any_length(kind: str, length: int, causal: bool):
    same(layer(kind), numbers(1, length, 6), None, causal)


def test_the_twins_of_all_kinds_and_masks_differ():
    x = numbers(2, 5, 6)
    with torch.no_grad():
        shown = [twin(layer(kind, seed), x) for seed, kind in enumerate(KINDS)]
        shown += [twin(layer("dense"), x, padding(real, 2, 5)) for real in ("right", "left", "holes")]
        shown += [twin(layer("dense"), x, causal=True)]
    for i, one in enumerate(shown):
        for other in shown[:i]:
            assert (one - other).abs().max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_the_slow_twin_and_reach_every_factor_and_mixture_number(kind: str):
    synthesizer, real, toward = layer(kind), padding("right", 2, 5), numbers(2, 5, 6, seed=1)
    trained = {name: p for name, p in synthesizer.named_parameters() if p.requires_grad}
    gradients = []
    for attend in (lambda x: synthesizer(x, padding_mask=real), lambda x: twin(synthesizer, x, real)):
        x = numbers(2, 5, 6).requires_grad_()
        gradients.append(torch.autograd.grad((attend(x) * toward)[real].sum(), [x, *trained.values()]))
    for fast, slow in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, slow, rtol=0, atol=1e-9)
    for name, gradient in zip(trained, gradients[0][1:], strict=True):
        if name != "key.bias":  # it adds the same to all scores of a query
            assert gradient.abs().max() > 1e-6, name
    untrained = [name for name, p in synthesizer.named_parameters() if not p.requires_grad]
    assert untrained == (["parts.fixed.scores"] if "fixed" in kind else [])


@pytest.mark.parametrize("kind", KINDS)
def test_causal_attention_never_looks_ahead(kind: str):
    synthesizer, x = layer(kind), numbers(2, 9, 6)
    for mode in (synthesizer.train(), synthesizer.eval()):
        with torch.no_grad():
            before = mode(x, causal=True)
            for t in range(9):
                other = torch.cat([x[:, :t], 5 * numbers(2, 9 - t, 6, seed=t + 1)], dim=1)
                after = mode(other, causal=True)
                assert torch.equal(before[:, :t], after[:, :t]) and not torch.equal(before[:, t:], after[:, t:])


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_step_by_step_decoding_is_the_causal_pass(kind: str, padded: bool):
    synthesizer, x = layer(kind).eval(), numbers(3, LONGEST, 6)
    real = padding("left", 3, LONGEST) if padded else None
    for steps in ([1] * LONGEST, [3, 1, 5, 2], [LONGEST]):
        with torch.no_grad():
            cache, outs, start = Cache(), [], 0
            whole = synthesizer(x, padding_mask=real, causal=True)
            for step in steps:
                start += step
                mask = None if real is None else real[:, :start]
                outs.append(synthesizer(x[:, start - step : start], padding_mask=mask, causal=True, cache=cache))
        seen = sighted(real, x, True)
        torch.testing.assert_close(torch.cat(outs, dim=1)[seen], whole[seen])
        assert cache.length == LONGEST


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_input_is_refused_and_the_longest_is_named(kind: str):
    synthesizer, cache = layer(kind), Cache()
    with pytest.raises(BadInput, match=f"at most {LONGEST} tokens; got {LONGEST + 1}"):
        synthesizer(numbers(1, LONGEST + 1, 6))
    synthesizer(numbers(1, LONGEST, 6), causal=True, cache=cache)
    with pytest.raises(BadInput, match=f"at most {LONGEST} tokens; got {LONGEST + 1}"):
        synthesizer(numbers(1, 1, 6), causal=True, cache=cache)
    assert cache.length == LONGEST  # what was refused left nothing


@pytest.mark.parametrize("kind", PLAIN + ("random+dense",))
def test_a_shorter_input_uses_the_slice(kind: str):
    synthesizer, x = layer(kind), numbers(2, LONGEST, 6)
    real = torch.arange(LONGEST)[None] < torch.tensor([[4], [4]])
    torch.testing.assert_close(synthesizer(x[:, :4]), synthesizer(x, padding_mask=real)[:, :4])


@given(st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=30)
def test_short_patterns_cover_every_length(longest: int, length: int):
    synthesizer = Synthesizer(4, 2, longest=longest, kind="factorised-dense")
    part = synthesizer.parts["factorised-dense"]
    p, q = part.tiled.weight.shape[2], part.repeated.weight.shape[2]
    assert p * (q - 1) < longest <= p * q and p + q <= 2 * longest**0.5 + 2
    x = numbers(1, min(length, longest), 4, dtype=torch.float32)
    assert synthesizer(x).shape == x.shape


@pytest.mark.parametrize("kind", ["dense", "factorised-dense"])
def test_a_row_of_dense_scores_depends_on_its_own_token_only(kind: str):
    part, x = layer(kind).parts[kind], numbers(1, 7, 6)
    other = x.clone()
    other[:, 3] += 1
    before, after = part(x, 0, 7), part(other, 0, 7)
    rest = [i for i in range(7) if i != 3]
    assert torch.equal(before[:, :, rest], after[:, :, rest]) and (before - after)[:, :, 3].abs().min() > 0


@pytest.mark.parametrize("kind", ["random", "fixed", "factorised-random"])
def test_constant_scores_are_the_same_whatever_the_tokens(kind: str):
    synthesizer, x = layer(kind), numbers(2, 7, 6)
    other = numbers(2, 7, 6, seed=1)
    mean = (synthesizer(x) + synthesizer(other)) / 2
    torch.testing.assert_close(synthesizer((x + other) / 2), mean)  # linear in x
    with pytest.raises(AssertionError):
        dense = layer("dense")
        torch.testing.assert_close(dense((x + other) / 2), (dense(x) + dense(other)) / 2)


def remembers_what_holds(synthesizer: Synthesizer, x: Tensor) -> Tensor:
    """What the layer in use says, which must be what it says in training."""
    with torch.no_grad():
        used, learning = synthesizer.eval()(x), synthesizer.train()(x)
        synthesizer.eval()
    torch.testing.assert_close(used, learning)
    return used


def by_step(synthesizer: Synthesizer) -> None:
    optimizer = torch.optim.SGD(synthesizer.parameters(), lr=3.0)
    with torch.enable_grad():
        synthesizer(numbers(1, 7, 6).to(synthesizer.out.weight.dtype)).square().sum().backward()
    optimizer.step()


def by_data(synthesizer: Synthesizer) -> None:
    for parameter in synthesizer.parameters():
        parameter.data.mul_(-2)


def by_half(synthesizer: Synthesizer) -> None:
    synthesizer.bfloat16().double()


def by_new_parameters(synthesizer: Synthesizer) -> None:
    for module in synthesizer.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, name, torch.nn.Parameter(parameter.detach() * -2, parameter.requires_grad))


CHANGES = {
    "load_state_dict": lambda layer: layer.load_state_dict(
        {name: -2 * tensor for name, tensor in layer.state_dict().items()}
    ),
    "optimizer": by_step,
    "in place": lambda layer: [torch.nn.init.normal_(parameter) for parameter in layer.parameters()],
    "data": by_data,
    "half and back": by_half,
    "new parameters": by_new_parameters,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", CONSTANT)
def test_nothing_is_remembered_of_parameters_that_have_changed(kind: str, change: str):
    synthesizer, x = layer(kind), numbers(2, 7, 6)
    before = remembers_what_holds(synthesizer, x)
    with torch.no_grad():
        synthesizer(x)
    CHANGES[change](synthesizer)
    assert not torch.equal(remembers_what_holds(synthesizer, x), before)


@pytest.mark.parametrize("kind", CONSTANT)
def test_weights_follow_type_length_and_mask(kind: str):
    synthesizer, x = layer(kind).float(), numbers(2, 7, 6)
    double = deepcopy(synthesizer).double()
    remembers_what_holds(synthesizer, x.float())
    remembers_what_holds(synthesizer.double(), x)
    assert torch.equal(remembers_what_holds(synthesizer, x), remembers_what_holds(double, x))
    with torch.no_grad():
        outs = {}
        for length, causal in [(7, False), (4, False), (4, True), (7, True), (7, False)]:
            out = synthesizer(x[:, :length], causal=causal)
            assert torch.equal(outs.setdefault((length, causal), out), out)
            torch.testing.assert_close(out, twin(synthesizer, x[:, :length], causal=causal))


@pytest.mark.parametrize("kind", CONSTANT)
def test_inference_mode_says_the_same(kind: str):
    synthesizer, x = layer(kind).eval(), numbers(2, 7, 6)
    with torch.inference_mode():
        inside, made_inside = synthesizer(x), deepcopy(synthesizer)
        torch.testing.assert_close(made_inside(x), inside)
    with torch.no_grad():
        assert torch.equal(synthesizer(x), inside)
    x.requires_grad_()
    synthesizer(x).sum().backward()
    assert x.grad is not None and x.grad.abs().max() > 0


@pytest.mark.parametrize("kind", CONSTANT)
def test_functional_calls_use_the_parameters_that_they_are_given(kind: str):
    synthesizer, x = layer(kind).eval(), numbers(2, 7, 6)
    own = {name: p.detach() for name, p in synthesizer.named_parameters()}
    with torch.no_grad():
        for scale in (1.0, -1.0, 2.0, 0.5):
            given = {name: scale * tensor for name, tensor in own.items()}
            out = torch.func.functional_call(synthesizer, given, (x,))
            del given
            slow = deepcopy(synthesizer)
            slow.load_state_dict({name: scale * tensor for name, tensor in own.items()})
            torch.testing.assert_close(out, twin(slow, x))


@pytest.mark.parametrize("kind", CONSTANT)
def test_an_ensemble_may_be_run_as_one(kind: str):
    synthesizer, x = layer(kind).eval(), numbers(2, 7, 6)
    stacked = {name: torch.stack([p.detach(), -p.detach()]) for name, p in synthesizer.named_parameters()}
    with torch.no_grad():
        both = torch.func.vmap(lambda weights: torch.func.functional_call(synthesizer, weights, (x,)))(stacked)
        torch.testing.assert_close(both[0], twin(synthesizer, x))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_full_precision_rounded(kind: str, dtype: torch.dtype):
    full, x = layer(kind).float(), numbers(2, 9, 6, dtype=torch.float32)
    for real in PADDING:
        mask = padding(real, 2, 9)
        exact, half = full(x, padding_mask=mask), deepcopy(full).to(dtype)
        with torch.autocast("cpu", dtype):
            automatic = full(x, padding_mask=mask)
        for out in (half(x.to(dtype), padding_mask=mask), automatic):
            assert out.dtype == dtype and out.isfinite().all()
            at = sighted(mask, x, False)
            assert (out - exact)[at].norm() <= 20 * torch.finfo(dtype).eps * exact[at].norm()
        automatic.float().sum().backward()


def test_dropout_drops_weights_in_training_only():
    for kind in ("random", "dense", "random+softmax"):
        torch.manual_seed(0)
        synthesizer, x = Synthesizer(6, 2, longest=9, kind=kind, dropout=0.5), numbers(2, 9, 6, dtype=torch.float32)
        assert not torch.equal(synthesizer(x), synthesizer(x))
        assert torch.equal(synthesizer.eval()(x), synthesizer(x))


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("random+random", "different kinds.*'random\\+random'"),
        ("dense+softmax+dense", "different kinds"),
        ("softmax", "not only softmax"),
        ("densest", "one of dense.*got 'densest'"),
        ("dense+", "got ''"),
        ("", "got ''"),
    ],
)
def test_a_mixture_of_one_kind_twice_or_of_unknown_kinds_is_refused(kind: str, says: str):
    with pytest.raises(BadInput, match=says):
        Synthesizer(6, 2, kind=kind)


def test_a_memory_and_sizes_that_make_no_sense_are_refused():
    with pytest.raises(BadInput, match="not to a memory"):
        layer("random")(numbers(1, 3, 6), numbers(1, 4, 6))
    for dim, heads, longest, says in [(6, 4, 5, "evenly"), (6, 0, 5, "evenly"), (6, 2, 0, "longest is.*got 0")]:
        with pytest.raises(BadInput, match=says):
            attention("synthesizer", dim, heads, longest=longest)


def test_random_scores_of_more_than_a_gibibyte_are_refused_and_their_size_is_said():
    with pytest.raises(BadInput, match="2,147,483,648 numbers a layer, 8 GiB"):
        Synthesizer(64, 8, longest=16384)
    assert Synthesizer(64, 8, longest=16384, kind="factorised-random").longest == 16384
