"""`minent text`: models of text from the command line, a file for each kind of command."""

from cyclopts import App

from minent.cli.text.lengthen import lengthen
from minent.cli.text.likelihood import likelihood
from minent.cli.text.measure import classify, export, exposure
from minent.cli.text.sample import sample
from minent.cli.text.score import score
from minent.cli.text.train import train
from minent.cli.text.write import write

text = App(name="text", help="Models of text: trained, run and scored.")
for command in (train, score, likelihood, sample, write, classify, lengthen, exposure, export):
    text.command(command)
