"""Where the walker is: flow, what else is told of it, and the rates that the map equation is made of."""
