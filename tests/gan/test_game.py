"""The game: resumed, shared by processes, repeated; what each player's losses are."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from itertools import islice

import numpy as np
import pytest
import snippets
import torch
from gan import small_games
from gan.small_games import NETWORKS, game, images, players
from torch import nn
from torch._dynamo.exc import BackendCompilerFailed

from minent.data.images.images import Images
from minent.errors import BadInput
from minent.gan.game import play
from minent.gan.input_gradients.lipschitz import gradient_normalise
from minent.gan.input_gradients.penalty import consistency, gradient_penalty, r1, shifted
from minent.gan.input_gradients.slope import value_and_gradient
from minent.gan.losses import loss_of
from minent.gan.networks import Critic, Generator
from minent.gan.options import Playing
from minent.gan.scores.features import train_features
from minent.gan.scores.samples import along, summary
from minent.gan.train import train_gan
from minent.training.weights import weights

SHORT = Playing(steps=6, batch=16, n_dis=2, learning_rate=2e-3, ema=0.9, evaluate_every=2)


def end(*modules: nn.Module) -> dict[str, np.ndarray]:
    return {
        f"{i} {name}": tensor.numpy().copy() for i, one in enumerate(modules) for name, tensor in weights(one).items()
    }


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("lipschitz", ["gn", "gran", "gp", "r1", "r1r2", "sn", "clip", "none"])
def test_resumed_game_is_the_uninterrupted_one(tmp_path, lipschitz):
    playing = replace(SHORT, lipschitz=lipschitz, consistency=1.0 if lipschitz == "gn" else 0.0)
    if lipschitz == "r1r2":
        playing = replace(playing, loss="relativistic", augment="ada", mirror=True)
    if lipschitz == "sn":
        playing = replace(playing, augment="diffaugment", generator_batch=24)
    records, whole, critic = game(playing, folder=tmp_path / "whole")
    turns = list(records)
    assert len({turn.critic_loss for turn in turns}) == 6 and turns[3].scores is not None and turns[2].scores is None
    assert not same(end(whole), end(small_games.players()[0]))
    records, _, _ = game(playing, folder=tmp_path / "broken")
    assert len(list(islice(records, 3))) == 3  # the checkpoint is that of step 2
    records.close()
    records, resumed, again = game(playing, folder=tmp_path / "broken", resume=True)
    assert [turn.step for turn in records] == [3, 4, 5, 6]
    assert same(end(resumed, again), end(whole, critic))
    logs = [
        [json.loads(x) for x in (tmp_path / name / "log.jsonl").read_text().splitlines()]
        for name in ("whole", "broken")
    ]
    for line in logs[0] + logs[1]:
        del line["samples_per_second"]
    assert logs[0] == logs[1] and len(logs[0]) == 6


COMPILED = """
import numpy as np
import torch
import torch._inductor.config
from minent.data.images.images import Images
from minent.gan.game import play
from minent.gan.options import Networks, Playing
from minent.gan.train import new_players

torch._inductor.config.fallback_random = True  # the same noise
network, *kinds = {arguments}
for kind in kinds:
    samples = np.random.default_rng(0).standard_normal((48, 2)).astype(np.float32)
    if network != "mlp":
        samples = np.random.default_rng(0).integers(0, 256, (48, 1, 8, 8)).astype(np.uint8)
    told = []
    for fast in (True, False):
        samples_of = Images(samples)
        players = new_players(samples_of, Networks(network, width=4, latent=4))
        playing = Playing(lipschitz=kind, steps=4, batch=16, compile=fast)
        turns = list(play(*players, samples_of.batches(16, 1, labels=False), playing))
        told.append([(turn.critic_loss, turn.generator_loss) for turn in turns])
    np.testing.assert_allclose(*told, rtol=1e-5)
    assert len(set(told[0])) == 4
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile wants a C++ compiler, not installed here")
@pytest.mark.parametrize(
    "arguments",
    [
        ("mlp", "gn", "gp"),
        ("dcgan", "gn", "gran", "gp", "r1", "r1r2", "sn", "clip", "none"),
        ("resnet", "gn"),
    ],
    ids=["points", "dcgan", "resnet"],
)
def test_a_compiled_game_is_the_same(arguments, tmp_path):
    snippets.run(COMPILED.replace("{arguments}", repr(arguments)), tmp_path)


def test_where_no_compiler_is_it_is_told(monkeypatch):
    def compiler(loss):
        def refuse(*arguments):
            raise BackendCompilerFailed(lambda: None, RuntimeError("no g++"), None)

        return refuse

    monkeypatch.setattr(torch, "compile", compiler)
    with pytest.raises(BadInput, match=r"torch\.compile wrote no kernels; without compile the same runs: .*no g"):
        next(game(replace(SHORT, compile=True))[0])


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_game_goes_on_in_whatever_layout_convolutions_are(tmp_path, layout):
    """torch's fused Adam takes moments by their place in memory."""

    def players():
        with torch.random.fork_rng():
            torch.manual_seed(0)
            generator = Generator(1, 8, NETWORKS, 3).to(memory_format=layout)
            critic = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(64, 1))
        return generator, OfImages(critic.to(memory_format=layout))

    def turns(folder, **options):
        batches = images().batches(SHORT.batch, SHORT.seed, labels=True)
        return play(*(pair := players()), batches, SHORT, judge=small_games.judge, folder=folder, **options), *pair

    records, *whole = turns(tmp_path / "whole")
    list(records)
    records, *_ = turns(tmp_path / "broken")
    list(islice(records, 3))
    records.close()
    records, *resumed = turns(tmp_path / "broken", resume=True)
    list(records)
    assert same(end(*resumed), end(*whole))


class OfImages(nn.Module):
    """A critic that does not look at labels."""

    def __init__(self, body: nn.Module):
        super().__init__()
        self.body = body

    def forward(self, x, labels):
        return self.body(x)


def test_a_seeded_game_repeats_and_another_seed_is_another():
    torch.manual_seed(9)
    ends, state = [], torch.get_rng_state()
    for seed in (1, 1, 2):
        records, generator, _ = game(replace(SHORT, seed=seed, steps=2))
        list(records)
        ends.append(end(generator))
    assert same(ends[0], ends[1]) and not same(ends[0], ends[2])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("lipschitz", ["gn", "r1r2"])
def test_two_processes_play_the_game_of_one(tmp_path, lipschitz):
    playing = replace(SHORT, lipschitz=lipschitz, steps=4, batch=8)
    if lipschitz == "r1r2":
        playing = replace(playing, loss="relativistic", augment="ada")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [*launch, small_games.__file__, tmp_path / "two", json.dumps(asdict(playing))]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    records, _, _ = game(replace(playing, accumulate=2))
    lines = [json.loads(line) for line in (tmp_path / "two" / "log.jsonl").read_text().splitlines()]
    turns = list(records)
    assert len(lines) == len(turns) == 4
    for key in ("critic_loss", "generator_loss", "gap"):
        assert [line[key] for line in lines] == pytest.approx(
            [getattr(turn, key) for turn in turns], rel=1e-4, abs=1e-6
        )
    assert lines[-1]["scores"]["mean"] == pytest.approx(turns[-1].scores["mean"], rel=1e-3, abs=1e-5)


def test_a_game_that_is_broken_off_leaves_players_that_can_be_trained():
    turns, generator, critic = game(replace(SHORT, steps=3))
    next(turns)
    turns.close()
    assert all(one.requires_grad and one.grad is None for player in (generator, critic) for one in player.parameters())


def test_features_leave_the_callers_randomness_alone():
    images = Images(np.zeros((20, 1, 8, 8), np.uint8), np.arange(20) % 2, ("a", "b"))
    state = torch.get_rng_state()
    train_features(images, steps=1)
    assert torch.equal(torch.get_rng_state(), state)


CLASSES = """
import functools, sys
import minent.gan.train as train
from minent.data.images.images import Images
from minent.gan.options import Networks, Playing
import numpy as np
train.train_features = functools.partial(train.train_features, steps=2)
random = np.random.default_rng(0)
images = Images(random.integers(0, 256, (40, 1, 8, 8)).astype(np.uint8), np.arange(40) % 2, ("a", "b"))
players = train.new_players(images, Networks(width=2, latent=4))
for turn in train.train_gan(*players, images, Playing(batch=8, steps=2, evaluate_every=1), folder=sys.argv[1]):
    assert {"fid", "precision", "coverage"} == set(turn.scores)
"""


def test_two_processes_are_scored_by_a_classifier_that_they_train_together(tmp_path):
    (tmp_path / "classes.py").write_text(CLASSES)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [*launch, tmp_path / "classes.py", tmp_path / "run"]
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=120)
    assert (tmp_path / "run" / "model.safetensors").exists()


DDP = """
import sys, torch, torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from minent.gan.input_gradients.lipschitz import gradient_normalise
dist.init_process_group("gloo")
for rectifier in (nn.ReLU, nn.Softplus):
    torch.manual_seed(0)
    critic = gradient_normalise(nn.Sequential(nn.Linear(3, 8), rectifier(), nn.Linear(8, 1)))
    x = torch.randn(8, 3)
    critic(x).square().mean().backward()
    whole = [parameter.grad.clone() for parameter in critic.parameters()]
    critic.zero_grad(set_to_none=True)
    shared = DistributedDataParallel(critic)
    shared(x.chunk(2)[dist.get_rank()]).square().mean().backward()
    for parameter, want in zip(critic.parameters(), whole, strict=True):
        torch.testing.assert_close(parameter.grad, want)
    assert all(one.abs().sum() > 0 for one in whole)
"""


def test_torchs_own_data_parallel_gives_the_gradients_of_one_process(tmp_path):
    (tmp_path / "shared.py").write_text(DDP)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*launch, tmp_path / "shared.py"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_other_options_are_not_resumed(tmp_path):
    records, *_ = game(SHORT, folder=tmp_path)
    list(records)
    with pytest.raises(BadInput, match="holds a run already"):
        next(game(SHORT, folder=tmp_path)[0])
    with pytest.raises(BadInput, match=r"n_dis was 2 in .*; got 3"):
        next(game(replace(SHORT, n_dis=3), folder=tmp_path, resume=True)[0])
    longer, *_ = game(replace(SHORT, steps=7), folder=tmp_path, resume=True)
    assert [turn.step for turn in longer] == [7]


def test_hinge_of_a_bounded_critic_is_wasserstein_in_all_it_learns():
    ends = []
    for loss in ("hinge", "wasserstein", "least-squares"):
        records, generator, critic = game(replace(SHORT, loss=loss, steps=3))
        list(records)
        both = [*generator.parameters(), *critic.parameters()]
        ends.append(torch.cat([parameter.detach().flatten() for parameter in both]))
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-4, atol=1e-5)
    assert (ends[0] - ends[2]).abs().max() > 1e-3


def test_losses_are_those_of_their_papers():
    f = torch.linspace(-3, 3, 13, dtype=torch.float64)
    plain = loss_of("non-saturating")
    torch.testing.assert_close(plain.real(f), -torch.sigmoid(f).log())
    torch.testing.assert_close(plain.drawn(f), -(1 - torch.sigmoid(f)).log())
    p = (1 + f / 4) / 2
    bounded = loss_of("non-saturating", bounded=True)
    torch.testing.assert_close(bounded.real(f / 4), -p.log())
    torch.testing.assert_close(bounded.drawn(f / 4), -(1 - p).log())
    assert torch.isfinite(bounded.real(torch.tensor([-1.0]))).all()


def test_penalties_of_a_linear_critic_have_closed_forms():
    line = nn.Linear(4, 1)
    x, y = torch.randn(5, 4), torch.randn(5, 4)
    n = line.weight.norm()
    torch.testing.assert_close(gradient_penalty(line, x, y), ((n - 1) ** 2).expand(5))
    torch.testing.assert_close(r1(value_and_gradient(line, x)[1]), (n**2 / 2).expand(5))


def test_shifted_images_are_the_same_ones_elsewhere():
    torch.manual_seed(0)
    image = torch.zeros(64, 1, 16, 16)
    image[:, :, 8, 8] = 1
    moved = shifted(image)
    places = moved.flatten(1).argmax(1)
    assert (moved.sum((1, 2, 3)) == 1).all()
    assert {(int(place) // 16 - 8, int(place) % 16 - 8) for place in places} >= {(-2, 0), (0, 0), (1, 2)}
    with pytest.raises(BadInput, match="shifted images"):
        consistency(nn.Linear(2, 1), torch.zeros(3), torch.zeros(3, 2))


def test_a_critic_that_mixes_samples_is_refused():
    generator, critic = players()
    mixed = nn.Sequential(critic, nn.BatchNorm1d(1))
    with pytest.raises(BadInput, match="mixes the samples"):
        next(play(generator, mixed, images().batches(8), SHORT))


@pytest.mark.parametrize("lipschitz", ["none", "r1", "gp"])
def test_a_critic_of_patches_is_refused_under_every_constraint(lipschitz):
    generator, _ = players()
    patches = nn.Conv2d(1, 1, 3)
    batches = Images(np.zeros((20, 1, 8, 8), np.uint8)).batches(8)
    generator.classes, generator.label = 0, None
    generator.forward = lambda noise: torch.zeros(len(noise), 1, 8, 8)
    with pytest.raises(BadInput, match="one number for each of"):
        next(play(generator, patches, batches, replace(SHORT, lipschitz=lipschitz)))


def test_parameters_that_are_frozen_stay_as_they_are():
    generator, critic = players()
    critic.head.weight.requires_grad_(False)
    before = critic.head.weight.clone()
    list(play(generator, critic, images().batches(8, labels=True), replace(SHORT, steps=2)))
    assert torch.equal(critic.head.weight, before) and not critic.head.weight.requires_grad
    assert critic.head.bias.requires_grad


def test_a_class_counts_in_both_players():
    generator, critic = players()
    nn.init.normal_(critic.label.weight)
    noise = torch.randn(2, 4).repeat(2, 1)
    drawn = generator.eval()(noise, torch.tensor([0, 0, 1, 1]))
    assert not torch.allclose(drawn[:2], drawn[2:])
    x = drawn[:1].repeat(2, 1, 1, 1)
    assert len(set(critic(x, torch.tensor([0, 1])).tolist())) == 2
    with pytest.raises(BadInput, match="less than the number of classes, 3; got"):
        generator.draw(2, torch.tensor([0, 3]))


def test_what_a_generator_must_tell_and_draw_is_a_sentence():
    _, critic = players()
    batches, plain = images().batches(8), nn.Linear(4, 64)
    with pytest.raises(BadInput, match="this Linear lacks latent and classes"):
        next(play(plain, critic, batches, SHORT))
    with pytest.raises(BadInput, match="of 3 classes wants labels beside the real samples"):
        next(play(players()[0], critic, batches, SHORT))
    small = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten(), nn.LazyLinear(1))
    small(torch.zeros(1, 1, 8, 8))
    plain.latent, plain.classes, plain.forward = 4, 0, lambda noise, *_: torch.zeros(len(noise), 1, 4, 4)
    with pytest.raises(BadInput, match=r"have the shape of real ones, \(8, 1, 8, 8\); got \(8, 1, 4, 4\)"):
        next(play(plain, small, batches, SHORT))
    generator = players()[0]
    with pytest.raises(BadInput, match="draws by label, one a sample; got none"):
        generator(torch.randn(2, 4))
    assert torch.equal(generator.draw(2, 1), generator.draw(2, torch.tensor([1, 1])))
    with pytest.raises(BadInput, match="less than the number of classes, 3; got 3"):
        generator.draw(2, 3)


def test_a_generator_is_judged_with_classes_as_often_as_the_data_have_them(monkeypatch):
    """Nine in ten are of the first class: one that draws each class as it is has the floor's FID, and drawn in turn
    would be far from it."""
    rare = np.arange(100) % 10 == 9
    shade = np.where(rare, 220, 40)[:, None, None, None] + np.random.default_rng(0).integers(-9, 9, (100, 1, 8, 8))
    seldom = Images(shade.astype(np.uint8), rare.astype(np.int64), ("dark", "light"))
    generator, critic = Generator(1, 8, NETWORKS, 2, ["dark", "light"]), Critic(1, 8, NETWORKS, 2)

    def forward(self, noise, labels):
        shade = torch.where(labels == 1, 220.0, 40.0)[:, None, None, None] + 5 * noise[:, :1, None, None]
        return shade.expand(-1, 1, 8, 8) / 127.5 - 1 + 0 * self.body(torch.cat([noise, self.label(labels)], 1))

    monkeypatch.setattr(Generator, "forward", forward)
    (turn,) = train_gan(generator, critic, seldom, replace(SHORT, steps=1, batch=8))
    real = along(seldom, train_features(seldom))
    in_turn = summary(generator.draw(1000).numpy(), real)
    assert turn.scores["fid"] < 0.05 * in_turn["fid"]


def test_a_generator_learns_the_classes_that_it_is_called_by():
    pixels, labels = np.zeros((20, 1, 8, 8), np.uint8), np.arange(20) % 2
    generator, critic = Generator(1, 8, NETWORKS, 2, ["cat", "dog"]), Critic(1, 8, NETWORKS, 2)
    for classes in (("dog", "cat"), ("cat", "zebra"), ("cat", "dog", "zebra")):
        with pytest.raises(BadInput, match="the classes of the generator are cat, dog; got images of"):
            next(train_gan(generator, critic, Images(pixels, labels, classes), SHORT))
    unnamed = Generator(1, 8, NETWORKS, 2)  # by number
    assert next(train_gan(unnamed, critic, Images(pixels, labels, ("dog", "cat")), SHORT)).step == 1


def test_a_critic_is_normalised_once():
    generator, critic = players()
    with pytest.raises(BadInput, match="a critic is normalised once, and this one is already"):
        next(play(generator, gradient_normalise(critic), images().batches(8, labels=True), SHORT))
