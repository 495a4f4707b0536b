"""How one step moves weights: the gradient of the mean, the optimizer, and the mean of weights along the way."""
