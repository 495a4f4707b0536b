"""A run on disk: weights, learning rates and ids of examples, step by step."""

from minent.training.trajectory.recording import record
from minent.training.trajectory.shards import Step
from minent.training.trajectory.trajectory import Trajectory

__all__ = ["Step", "Trajectory", "record"]
