"""`minent attribution`: why a model says what it says, from the command line, a file for each command."""

from cyclopts import App

from minent.cli.attribution.cost import cost
from minent.cli.attribution.explain import explain
from minent.cli.attribution.groups import groups
from minent.cli.attribution.mislabels import mislabels

attribution = App(name="attribution", help="Why a model says what it says: sums over its training examples.")
for command in (explain, mislabels, groups, cost):
    attribution.command(command)
