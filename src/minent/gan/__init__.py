"""Two players: a generator that draws and a critic that judges."""
