"""Networks of layers: between which a walk relaxes, and layers that times make."""
