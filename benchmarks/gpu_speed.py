"""How fast minent is on a GPU, beside transformers, torch's own layers, SDPA and FlexAttention."""

import itertools
import statistics
import tempfile
import time
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from gpu_report import CPU, DEVICE, GPU, marian, on, recorded, synchronise
from torch import nn
from transformers import BertConfig, BertModel

from minent.attribution import explain
from minent.data import Batches
from minent.data.images.images import Images
from minent.gan.game import play
from minent.gan.options import Networks, Playing
from minent.gan.train import new_players
from minent.nn.attention import nystrom_attention
from minent.nn.attention.convolution import add_slide
from minent.nn.shape import Shape
from minent.nn.transformer import Encoder
from minent.text.options import Search
from minent.text.writing.loss import loss as writing_loss
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.write import written
from minent.training.loop import fit
from minent.training.recipe import Recipe


def seconds(run, repeats=10):
    """The median of a run on the device, after three that are not counted."""
    found = []
    for repeat in range(repeats + 3):
        if GPU:
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            run()
            end.record()
            end.synchronize()
            spent = begin.elapsed_time(end) / 1000
        else:
            begun = time.perf_counter()
            run()
            spent = time.perf_counter() - begun
        found += [spent] if repeat >= 3 else []
    return statistics.median(found)


def paced(records, count, warm=5):
    """Seconds of each of `count` steps of a training, which ends there."""
    with on(DEVICE):
        for _ in range(warm):
            next(records)
        synchronise()
        begun = time.perf_counter()
        for _ in range(count):
            next(records)
        synchronise()
        records.close()
    return (time.perf_counter() - begun) / count


def stepping(model, lost, precision="bf16"):
    """A step as one writes it by hand: loss, gradients, AdamW; nothing is asked of the GPU."""
    model = model.to(DEVICE).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=GPU)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=precision == "bf16"):
            value = lost(model)
        value.backward()
        optimizer.step()

    return step


def training(report, quick):
    shape = Shape(dim=64, heads=4, layers=2, hidden=128, dropout=0.0) if quick else Shape(512, 8, 6, 2048, dropout=0.0)
    vocabulary, batch, n, size = (500, 4, 16, 256) if quick else (32000, 128, 64, 8192)
    a, b = (torch.randn(size, size, device=DEVICE, dtype=torch.bfloat16) for _ in range(2))
    peak = 2 * size**3 / seconds(lambda: a @ b)
    report.row("training", f"bf16 product of {size}", tflops=round(peak / 1e12, 1))
    d, h, deep = shape.dim, shape.hidden, shape.layers

    def told(name, run, tokens, flops):
        def measured():
            spent = run()
            share = f"{100 * flops / spent / peak:.1f} %"
            report.row(
                "training", name, ms=round(1000 * spent, 2), tokens_per_second=round(tokens / spent), of_peak=share
            )

        report.check(f"training: {name}", measured, limit=40)
        report.flush()

    random = np.random.default_rng(0)
    columns = {one: list(random.integers(5, vocabulary, (4 * batch, n))) for one in ("source", "target")}
    batches = Batches(columns, examples=batch)
    one = {k: torch.from_numpy(v).to(DEVICE) for k, v in next(iter(batches.epoch(1))).items()}
    wanted = F.pad(one["target"], (0, 1), value=3)
    labels = {"input_ids": one["source"], "attention_mask": one["source_mask"].long(), "labels": wanted}
    tokens, across = batch * (n + 1), 12 * d * n * deep
    flops = 6 * tokens * (deep * (12 * d * d + 4 * d * h) + vocabulary * d) + 3 * tokens * across

    def ours(model):
        total, count = writing_loss(model, one)
        return total / count

    for precision in ("bf16", "fp32"):
        bare = partial(lambda one: seconds(stepping(Seq2Seq(vocabulary, shape), ours, one)), precision)
        told(f"seq2seq, minent, a bare step, {precision}", bare, tokens, flops)

        def looped(precision=precision):
            recipe = Recipe(steps=10_000, precision=precision)
            return paced(fit(Seq2Seq(vocabulary, shape), writing_loss, batches, recipe), 3 if quick else 20)

        told(f"seq2seq, minent, fit, {precision}", looped, tokens, flops)
        told(
            f"seq2seq, Marian, a bare step, {precision}",
            lambda p=precision: seconds(stepping(marian(vocabulary, shape), lambda m: m(**labels).loss, p)),
            tokens,
            flops,
        )

    for n in (32,) if quick else (512, 4096):
        x = torch.randn(max(1, 65536 // n) if not quick else 2, n, d, device=DEVICE)
        config = BertConfig(
            vocab_size=10,
            hidden_size=d,
            num_hidden_layers=deep,
            num_attention_heads=shape.heads,
            intermediate_size=h,
            max_position_embeddings=n,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        layer = nn.TransformerEncoderLayer(d, shape.heads, h, 0.0, F.gelu, batch_first=True, norm_first=True)
        peers = {
            "minent softmax": (Encoder(shape), lambda m, x=x: m(x).float().square().mean()),
            "torch": (
                nn.TransformerEncoder(layer, deep, enable_nested_tensor=False),
                lambda m, x=x: m(x).float().square().mean(),
            ),
            "BERT": (
                BertModel(config, add_pooling_layer=False),
                lambda m, x=x: m(inputs_embeds=x).last_hidden_state.float().square().mean(),
            ),
        }
        for attention in ("nystrom", "synthesizer") if n < 4096 else ("nystrom",):
            other = Encoder(Shape(d, shape.heads, deep, h, attention, longest=n, dropout=0.0, kind="factorised-random"))
            peers[f"minent {attention}"] = (other, lambda m, x=x: m(x).float().square().mean())
        flops = 6 * x.shape[0] * n * deep * (4 * d * d + 2 * d * h) + 12 * x.shape[0] * n * n * d * deep
        for name, (model, lost) in peers.items():
            told(
                f"encoder of {n}, {name}, bf16",
                lambda m=model, f=lost: seconds(stepping(m, f), 5),
                x.shape[0] * n,
                flops,
            )


def attention(report, quick):
    """Milliseconds of attention itself, 8 heads of 64, bf16; forwards, and with the way back."""
    flexible = None
    if GPU:
        from torch.nn.attention.flex_attention import flex_attention

        flexible = torch.compile(flex_attention, dynamic=False)
    methods = {
        "SDPA": F.scaled_dot_product_attention,
        "Nyström, 64": partial(nystrom_attention, landmarks=64),
        "convolution of 33": lambda q, k, v: add_slide(q * 1, v, q.new_ones(8, 33)),
        "flex": flexible,
    }
    lengths = (64, 256) if quick else tuple(1024 << i for i in range(6))
    for n, (name, method) in [(n, one) for one in methods.items() for n in lengths if one[1] is not None]:
        if name == "flex" and n not in (4096, 16384):
            continue
        parts = [
            torch.randn(1 if quick else max(1, 32768 // n), 8, n, 64, device=DEVICE, dtype=torch.bfloat16)
            for _ in range(3)
        ]
        leaves = [one.clone().requires_grad_() for one in parts]

        def measured(method=method, parts=parts, leaves=leaves, name=name, n=n):
            with torch.no_grad():
                there = seconds(lambda: method(*parts))
            out = method(*leaves)
            both = seconds(lambda: torch.autograd.grad(method(*leaves), leaves, out.detach(), allow_unused=True))
            told = {
                "batch": len(parts[0]),
                "forward_ms": round(1000 * there, 3),
                "with_backward_ms": round(1000 * both, 3),
            }
            report.row("attention", f"{name}, {n}", **told)

        report.check(f"attention: {name}, {n}", measured, limit=40 if name == "flex" else 15)


def decoding(report, quick):
    """Sentences a second."""
    shape = Shape(64, 4, 2, 128, dropout=0.0) if quick else Shape(256, 4, 3, 1024, dropout=0.0)
    vocabulary, number, length = (500, 4, 4) if quick else (8000, 256, 24)
    sources = list(np.random.default_rng(0).integers(5, vocabulary, (number, length)))
    tensor, theirs = torch.tensor(np.stack(sources), device=DEVICE), marian(vocabulary, shape).to(DEVICE)
    runs = {}
    for decoder, beams in (("left-to-right", (1, 4)), ("bidirectional", (1, 2)), ("to-middle", (4,))):
        model = Seq2Seq(vocabulary, shape, decoder).to(DEVICE).eval()
        for beam in beams:
            search = Search(beam=beam, shortest=length, longest=length)
            runs[f"minent {decoder}, beam {beam}"] = lambda m=model, s=search: written(m, sources, s, tokens=1 << 16)
    for beam in (1, 4):
        runs[f"Marian, beam {beam}"] = lambda b=beam: theirs.generate(
            tensor, num_beams=b, do_sample=False, min_new_tokens=length, max_new_tokens=length
        )
    for name, run in runs.items():
        report.check(
            f"decoding: {name}",
            lambda n=name, r=run: report.row("decoding", n, sentences_per_second=round(number / seconds(r, 3), 1)),
            limit=30,
        )


def gan(report, quick):
    """Images a second, a step of each player; of 32 by 32 in three colours."""
    pixels = np.random.default_rng(0).integers(0, 256, (64 if quick else 4096, 3, 32, 32)).astype(np.uint8)
    images, networks, batch = Images(pixels), Networks("dcgan", width=4 if quick else 64), 8 if quick else 256
    for precision, lipschitz in itertools.product(("fp32", "bf16"), ("none", "gn", "gp", "r1", "sn")):
        playing = Playing(lipschitz, steps=10_000, batch=batch, precision=precision)

        def measured(playing=playing):
            turns = play(*new_players(images, networks), images.batches(batch), playing)
            report.row(
                "gan",
                f"{playing.lipschitz}, {playing.precision}",
                images_per_second=round(batch / paced(turns, 3 if quick else 20)),
            )

        report.check(f"gan speed: {lipschitz}, {precision}", measured)


def explaining(report, quick):
    """Seconds to explain ten inputs of a run of so many steps."""
    torch.manual_seed(0)
    x, y = torch.randn(400, 784), torch.arange(400) % 10
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    with tempfile.TemporaryDirectory() as root:
        recorded(model.to(DEVICE), x.to(DEVICE), y.to(DEVICE), f"{root}/run", steps := 5 if quick else 40)
        for device in dict.fromkeys((CPU, DEVICE)):

            def measured(device=device):
                train, begun = (x.to(device), y.to(device)), time.perf_counter()
                explain(model.to(device), f"{root}/run", train[0][:10], train=train)
                report.row(
                    "explaining",
                    f"{device.type}, {steps} steps of AdamW",
                    seconds=round(time.perf_counter() - begun, 2),
                )

            report.check(f"explaining on {device.type}", measured, limit=60)
