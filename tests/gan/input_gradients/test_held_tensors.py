"""What is alive at once, counted tensor by tensor, stands in a known proportion to a plain critic's."""

from typing import Any

import torch
import torch.utils._pytree as pytree
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from minent.gan.input_gradients import gradient_normalise
from minent.gan.networks import Critic
from minent.gan.options import Networks


class Alive(TorchDispatchMode):
    """The most bytes that tensors made within it took at once."""

    def __init__(self):
        super().__init__()
        self.held, self.most = dict[int, tuple[StorageWeakRef, int]](), 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **kwargs or {})
        for one in pytree.tree_leaves(made):
            if isinstance(one, torch.Tensor):
                storage = one.untyped_storage()
                self.held[storage._cdata] = StorageWeakRef(storage), storage.nbytes()
        self.held = {place: kept for place, kept in self.held.items() if not kept[0].expired()}
        self.most = max(self.most, sum(size for _, size in self.held.values()))
        return made


def most(critic: torch.nn.Module, x: torch.Tensor) -> int:
    with Alive() as alive:
        critic(x).sum().backward()
    critic.zero_grad()
    return alive.most


def test_a_critic_by_hand_holds_at_most_half_as_much_again():
    x = torch.randn(16, 3, 32, 32)
    for network in ("resnet", "dcgan"):
        critic = Critic(3, 32, Networks(network, width=16))
        normalised = gradient_normalise(critic)
        normalised(x)  # what is asked once of each shape is behind it
        assert most(critic, x) > 100_000
        assert 1 < most(normalised, x) / most(critic, x) < 1.5, network
