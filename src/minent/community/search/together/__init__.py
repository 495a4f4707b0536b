"""Many units move at once, on all cores: what they propose, what it comes to exactly, a guard that it is shorter."""
