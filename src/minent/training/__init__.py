"""How weights move: the one training loop, schedules, averages, checkpoints, saved models."""
