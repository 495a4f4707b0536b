"""What would a BERT write? Draw texts from a masked language model by Gibbs sampling.

A small model learns words that end in -tion letter by letter, so that it is clear what was drawn.
Any other goes in its place: Gibbs(AutoModelForMaskedLM.from_pretrained("…"), tokenizer, …).
Needs pip install "minent[torch]".
"""

import re

from minent.data import docstrings
from minent.nn import Shape
from minent.text import Gibbs, Reading, diagnostics, new_masked_lm, train_masked_lm
from minent.training import Recipe

text = " ".join(one.body for one in docstrings(["networkx", "pandas", "scipy"], per_package=400))
known = sorted(set(re.findall(r"\b[a-z]{3,8}tion\b", text)))
model = new_masked_lm(known, Shape(dim=64, heads=4, layers=2, hidden=256, longest=16), Reading("characters", 300))
recipe = Recipe(steps=400, learning_rate=4e-3, warmup=40)
# masked=0: of each word a share of its own is hidden, any from none to all. So it can fill masks among masks.
*_, last = train_masked_lm(model, known, None, recipe, masked=0.0, tokens=512)
print(f"{len(known)} words learned; a hidden letter costs {last.loss:.2f} nats")

# A template: each blank is one letter. Hide one, draw it from what the model says of the gap, and so on.
chains = Gibbs(model, keep="____tion", chains=64, sweeps=30)
states = list(chains.sweeps())
for state in (states[0], states[1], states[10], states[30]):
    print(f"after sweep {state.sweep:2}:", *state.texts[:5])
drawn = set(states[-1].texts)
surest = next(iter(Gibbs(model, keep="____tion", chains=64, schedule="confidence", temperature=0.8)))
print("filled once, the surest first:", *surest.texts[:5])  # a pass a letter: a thirtieth of 30 sweeps
print(f"{len(drawn)} different ones in 64 chains; words of docstrings among them:", *sorted(drawn & set(known)))
told = diagnostics(chains, states)  # R-hat near 1: the score has mixed, which does not say that the texts have
print(f"R-hat {told.r_hat:.2f}, distinct-2 {told.distinct_2:.2f}, pseudo-perplexity {told.pseudo_perplexity:.1f}")

# Plain sampling follows no law that one could write down; --correct makes it exp(-energy), for more passes.
corrected = Gibbs(model, keep="____tion", chains=64, sweeps=10, correct="normalised", temperature=0.5)
state = list(corrected.sweeps())[-1]
print(f"corrected, {state.accepted:.0%} accepted:", *state.texts[:5])
