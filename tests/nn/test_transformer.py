"""Encoders and decoders run with every attention, decode step by step, and are not moved by padding or the future."""

from dataclasses import replace

import pytest
import torch
from naive.attention import padding
from torch import Tensor

from minent.errors import BadInput
from minent.nn.attention import ATTENTIONS, Cache, attention
from minent.nn.shape import Shape
from minent.nn.transformer import Decoder, Encoder

SMALL = Shape(dim=12, heads=2, layers=2, hidden=20, landmarks=4, longest=16, dropout=0.0)
KINDS = "dense", "random", "fixed", "factorised-dense", "factorised-random", "random+softmax", "dense+random"
SYNTHESIZERS = {kind: replace(SMALL, attention="synthesizer", kind=kind) for kind in KINDS}
NYSTROMS = {
    "nystrom": replace(SMALL, attention="nystrom"),
    "turned nystrom": replace(SMALL, attention="nystrom", positions="rotary"),
}
CAUSAL = {"softmax": SMALL, "rotary": replace(SMALL, positions="rotary"), **SYNTHESIZERS}
SHAPES = {**CAUSAL, **NYSTROMS}


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def built(kind: type, shape: Shape):
    """In float64, no parameter as it begins."""
    torch.manual_seed(0)
    model = kind(shape).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return model


@pytest.mark.parametrize("name", ATTENTIONS)
def test_every_attention_runs_by_name(name: str):
    shape = replace(SMALL, attention=name)
    assert built(Encoder, shape)(numbers(2, 9, 12)).isfinite().all()
    assert isinstance(Encoder(shape).layers[0].attention, ATTENTIONS[name])
    assert isinstance(attention(name, 8, 2), ATTENTIONS[name])


def test_unknown_attentions_and_options_are_refused_by_name():
    with pytest.raises(BadInput, match=r"one of softmax, nystrom, window, .* got 'linear'"):
        attention("linear", 8, 2)
    for name, option in [("softmax", "landmarks"), ("nystrom", "kind"), ("synthesizer", "kernel")]:
        with pytest.raises(BadInput, match=f"{name} attention has the options .+; got '{option}'"):
            attention(name, 8, 2, **{option: 3})


def test_rotary_positions_are_refused_with_a_synthesizer():
    with pytest.raises(BadInput, match=r"rotary positions.*synthesizer"):
        Encoder(replace(SMALL, attention="synthesizer", positions="rotary"))


@pytest.mark.parametrize("name", NYSTROMS)
def test_a_decoder_cannot_be_of_nystrom_attention(name: str):
    with pytest.raises(BadInput, match="causal"):
        built(Decoder, SHAPES[name])(numbers(1, 9, 12), numbers(1, 5, 12))


@pytest.mark.parametrize("name", SHAPES)
def test_every_parameter_of_an_encoder_gets_a_gradient(name: str):
    encoder, real = built(Encoder, SHAPES[name]), padding("right", 2, 9)
    (encoder(numbers(2, 9, 12), real) * numbers(2, 9, 12, seed=1))[real].sum().backward()
    reached(encoder)


@pytest.mark.parametrize("name", CAUSAL)
def test_every_parameter_of_a_decoder_gets_a_gradient(name: str):
    decoder, real = built(Decoder, SHAPES[name]), padding("right", 2, 9)
    out = decoder(numbers(2, 9, 12), numbers(2, 5, 12, seed=2), real, padding("right", 2, 5))
    (out * numbers(2, 9, 12, seed=1))[real].sum().backward()
    reached(decoder)


def reached(model: torch.nn.Module) -> None:
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            if not name.endswith("key.bias"):  # it adds the same to all scores of a query
                assert parameter.grad.abs().max() > 1e-9, name
        else:
            assert "fixed" in name


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", CAUSAL)
def test_a_decoder_step_by_step_is_the_whole_one(name: str, masked: bool):
    decoder, x, memory = built(Decoder, SHAPES[name]).eval(), numbers(3, 9, 12), numbers(3, 5, 12, seed=1)
    other = padding("right", 3, 5) if masked else None
    with torch.no_grad():
        whole = decoder(x, memory, None, other)
        for steps in ([1] * 9, [4, 1, 4]):
            caches, outs, start = decoder.caches(), [], 0
            for step in steps:
                outs.append(decoder(x[:, start : start + step], memory, None, other, caches))
                start += step
            torch.testing.assert_close(torch.cat(outs, dim=1), whole)


@pytest.mark.parametrize("name", CAUSAL)
def test_rows_of_a_decoders_caches_may_be_reordered(name: str):
    decoder, x, memory = built(Decoder, SHAPES[name]).eval(), numbers(3, 6, 12), numbers(3, 5, 12, seed=1)
    rows = torch.tensor([2, 0, 0, 1])
    with torch.no_grad():
        caches = decoder.caches()
        decoder(x[:, :5], memory, caches=caches)
        for cache in (cache for pair in caches for cache in pair):
            cache.select(rows)
        last = decoder(x[rows, 5:], memory[rows], caches=caches)
        torch.testing.assert_close(last, decoder(x, memory)[rows, 5:])


@pytest.mark.parametrize("name", CAUSAL)
def test_a_causal_encoder_with_caches_is_the_whole_one(name: str):
    encoder, x = built(Encoder, SHAPES[name]).eval(), numbers(2, 9, 12)
    with torch.no_grad():
        whole, caches = encoder(x, causal=True), [Cache() for _ in encoder.layers]
        outs = [encoder(x[:, t : t + 1], causal=True, caches=caches) for t in range(9)]
    torch.testing.assert_close(torch.cat(outs, dim=1), whole)
    assert (whole - encoder(x)).abs().max() > 1e-3


@pytest.mark.parametrize("name", CAUSAL)
def test_causal_models_never_look_ahead(name: str):
    encoder, decoder = built(Encoder, SHAPES[name]), built(Decoder, SHAPES[name])
    x, memory = numbers(2, 9, 12), numbers(2, 5, 12, seed=1)
    for model in (lambda x: encoder(x, causal=True), lambda x: decoder(x, memory)):
        for t in (1, 5, 8):
            other = torch.cat([x[:, :t], numbers(2, 9 - t, 12, seed=t + 2)], dim=1)
            before, after = model(x), model(other)
            assert torch.equal(before[:, :t], after[:, :t]) and not torch.equal(before[:, t:], after[:, t:])


@pytest.mark.parametrize("kind", ["right", "left", "holes"])
@pytest.mark.parametrize("name", SHAPES)
def test_what_padding_holds_changes_nothing(name: str, kind: str):
    encoder, x, real = built(Encoder, SHAPES[name]), numbers(3, 15, 12), padding(kind, 3, 15)
    other = torch.where(real[:, :, None], x, 20 * numbers(3, 15, 12, seed=1))
    before, after = encoder(x, real), encoder(other, real)
    assert not real.all() and (before - after).abs().max() > 1e-3
    torch.testing.assert_close(before[real], after[real], rtol=0, atol=1e-10)
    if name in CAUSAL and kind == "right":
        decoder, memory = built(Decoder, SHAPES[name]), numbers(3, 4, 12, seed=2)
        torch.testing.assert_close(*(decoder(memory, tokens, None, real) for tokens in (x, other)), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", SHAPES)
def test_a_sample_of_padding_only_stays_finite_and_harms_no_other(name: str):
    encoder, x, real = built(Encoder, SHAPES[name]), numbers(3, 15, 12), padding("all of a sample", 3, 15)
    x.requires_grad_()
    out = encoder(x, real)
    out[1:].sum().backward()
    assert out.isfinite().all() and x.grad is not None and x.grad.isfinite().all()
    torch.testing.assert_close(out[1:][real[1:]], encoder(x[1:], real[1:])[real[1:]], rtol=0, atol=1e-10)


def test_dropout_is_for_training_only():
    encoder, x = built(Encoder, replace(SMALL, dropout=0.5)), numbers(1, 9, 12)
    assert not torch.equal(encoder(x), encoder(x))
    assert torch.equal(encoder.eval()(x), encoder(x))


@pytest.mark.parametrize("field", ["dim", "heads", "layers", "hidden", "landmarks", "window"])
def test_shapes_that_cannot_be_are_refused(field: str):
    with pytest.raises(BadInput, match=f"{field} must be at least 1; got 0"):
        replace(SMALL, **{field: 0})
    for dropout in (-0.1, 1.0):
        with pytest.raises(BadInput, match="dropout"):
            replace(SMALL, dropout=dropout)
    with pytest.raises(BadInput, match="evenly"):
        replace(SMALL, heads=5)
