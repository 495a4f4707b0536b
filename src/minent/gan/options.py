"""What the two players are and how they play, in frozen values: Python argument and command-line flags alike."""

from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

from minent.errors import check
from minent.training.recipe import Precision, Recipe
from minent.training.schedule import Schedule

Constraint = Literal["gn", "gran", "gp", "r1", "r1r2", "sn", "clip", "none"]
LossName = Literal["non-saturating", "logistic", "hinge", "wasserstein", "least-squares", "relativistic"]
Network = Literal["mlp", "dcgan", "sngan", "resnet"]
Augment = Literal["none", "diffaugment", "ada"]
STRENGTH = {"gran": 0.1, "gp": 10.0, "r1": 10.0, "r1r2": 10.0, "clip": 0.01}


@dataclass(frozen=True)
class Networks:
    """What the two players are; see `minent.gan.networks`. Raises BadInput for sizes that none can have.

    >>> Networks(width=0)
    Traceback (most recent call last):
    minent.errors.BadInput: width must be at least 1; got 0
    """

    network: Network | None = None
    """Kind of both networks; dcgan for images and mlp for points if not given."""

    latent: int = 128
    """Numbers that a sample is drawn from."""

    width: int = 64
    """Channels of the critic's first layer, doubled where its images are halved; of an mlp all layers' width."""

    deviation: float | None = None
    """Standard deviation that weights begin with, biases at 0; as torch has them if not given."""

    def __post_init__(self) -> None:
        check(
            self,
            ("network", self.network in (None, *get_args(Network)), f"one of {', '.join(get_args(Network))}"),
            ("latent", self.latent >= 1, "at least 1"),
            ("width", self.width >= 1, "at least 1"),
            ("deviation", self.deviation is None or 0 < self.deviation < inf, "positive"),
        )


@dataclass(frozen=True)
class Playing:
    """How the two play; see `minent.gan.game`. Raises BadInput for a value that an option cannot have.

    >>> Playing(lipschitz="gp").weight, Playing(lipschitz="gp", strength=1.0).weight
    (10.0, 1.0)
    """

    lipschitz: Constraint = "gn"
    """What keeps the critic flat: its gradient (gn, gran), a penalty (gp, r1, r1r2), spectral norms (sn), clipped
    weights (clip)."""

    strength: float | None = None
    """gp, r1, r1r2: weight of the penalty (10); clip: the largest weight (0.01); gran: its epsilon (0.1)."""

    loss: LossName = "non-saturating"
    """What they lose; for a critic bounded by 1 (gn), hinge is wasserstein. R3GAN is relativistic with r1r2."""

    augment: Augment = "none"
    """What images go through, real and drawn ones, before the critic sees them, where there are few: diffaugment, or
    ada, which does it the more often the surer the critic is of real ones."""

    mirror: bool = False
    """Show the critic half of the real images mirrored, left to right."""

    consistency: float = 0.0
    """Weight of the squared difference that a small shift of a real image makes to the critic; 0 for none."""

    steps: int = 10_000
    """Steps of the generator."""

    n_dis: int = 1
    """Steps of the critic before each of the generator."""

    batch: int = 64
    """Samples of each kind in a batch."""

    generator_batch: int | None = None
    """Samples in a batch of the generator's; as many as the critic's if not given."""

    learning_rate: float = 2e-4
    """The generator's highest learning rate."""

    critic_learning_rate: float | None = None
    """The critic's; the generator's if not given."""

    schedule: Schedule = "constant"
    """How learning rates decay."""

    beta1: float = 0.0
    """How much of the mean gradient Adam remembers a step."""

    beta2: float = 0.9
    """How much of the mean squared gradient Adam remembers a step."""

    ema: float = 0.999
    """How much of the moving average of the generator remains a step; 0 for no average."""

    accumulate: int = 1
    """Batches a process that one step is taken on."""

    precision: Precision = "fp32"
    """Arithmetic of the layers, bf16 and tf32 for GPUs; weights stay in their own."""

    device: str = "auto"
    """Where to compute: auto (a CUDA GPU where there is one), cpu, cuda, cuda:1, mps."""

    seed: int = 1
    """The same seed draws the same."""

    evaluate_every: int = 1000
    """Steps between scores, with a picture and a checkpoint; 0 for those at the end only."""

    compile: bool = False
    """Have torch.compile write kernels of both losses, the critic's gradient by its samples within them, and of their
    gradients: a minute or more before the first step; what a step takes then depends on network and machine."""

    def __post_init__(self) -> None:
        check(
            self,
            ("lipschitz", self.lipschitz in get_args(Constraint), f"one of {', '.join(get_args(Constraint))}"),
            ("loss", self.loss in get_args(LossName), f"one of {', '.join(get_args(LossName))}"),
            ("strength", self.strength is None or (self.lipschitz in STRENGTH and 0 < self.strength < inf),
             f"positive, and for {', '.join(STRENGTH)} only"),
            ("augment", self.augment in get_args(Augment), f"one of {', '.join(get_args(Augment))}"),
            ("consistency", 0 <= self.consistency < inf, "at least 0"),
            ("precision", self.precision != "fp16", "fp32, tf32 or bf16: gradients of gradients pass float16's range"),
            ("n_dis", self.n_dis >= 1, "at least 1"),
            ("batch", self.batch >= 1, "at least 1"),
            ("generator_batch", self.generator_batch is None or self.generator_batch >= 1, "at least 1"),
            ("generator_batch", self.generator_batch in (None, self.batch) or self.loss != "relativistic",
             "the critic's batch, whose real samples relativistic losses pair with what is drawn"),
            ("critic_learning_rate", self.critic_learning_rate is None or 0 < self.critic_learning_rate < inf,
             "positive"),
        )  # fmt: skip
        self.recipe  # noqa: B018  it checks the others

    @property
    def weight(self) -> float:
        """The strength, or what stands for none."""
        return STRENGTH.get(self.lipschitz, 0.0) if self.strength is None else self.strength

    @property
    def recipe(self) -> Recipe:
        """What of this is any training's."""
        return Recipe(
            steps=self.steps, learning_rate=self.learning_rate, schedule=self.schedule, weight_decay=0.0,
            beta1=self.beta1, beta2=self.beta2, clip=0.0, accumulate=self.accumulate, precision=self.precision,
            device=self.device, seed=self.seed, evaluate_every=self.evaluate_every, ema=self.ema,
        )  # fmt: skip
