"""How near texts are to references, and how varied."""
