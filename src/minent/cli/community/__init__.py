"""`minent community`: modules of a network from the command line, a file for each command."""

from cyclopts import App

from minent.cli.community.cluster import cluster
from minent.cli.community.clustered import assign
from minent.cli.community.compare import compare
from minent.cli.community.find import find

community = App(name="community", help="Communities of a network, clusters of points and texts, by the map equation.")
for command in (cluster, assign, compare, find):
    community.command(command)
