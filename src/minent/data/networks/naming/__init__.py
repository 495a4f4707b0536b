"""What nodes are called, and whose is whose: names, labels given by name or in order, nodes of two things."""
