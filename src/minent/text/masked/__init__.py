"""What a masked language model says of a site, and of a text."""
