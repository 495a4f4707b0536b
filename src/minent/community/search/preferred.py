"""So many modules, if it can be had: the Markov time at which there are about as many is found by halving, and what is
found on the way is tuned with each module more or fewer costing a bit.
"""

from minent.community.search.search import Labels, Search
from minent.community.search.two_level import tuned, two_level_partition
from minent.community.search.units import Units, codebooks, frozen

STEPS, LEAST_TIME, MOST_TIME = 9, 1 / 16, 64.0


def preferred_partition(search: Search, nodes: Units, effort: str) -> tuple[Labels, Units]:
    """As `two_level_partition`, of nodes whose words prefer a number of modules."""
    if nodes.words is None or nodes.words.preferred < 0:
        return two_level_partition(search, nodes, effort)
    wanted, low, high, found = nodes.words.preferred, LEAST_TIME, MOST_TIME, []
    time = 1.0
    for _ in range(STEPS):
        label, modules = two_level_partition(search, _in_time(nodes, time), "fast")
        found.append(tuned(search, nodes, label))
        if modules.number == wanted and time != 1.0:
            break
        low, high = (time, high) if modules.number > wanted else (low, time)
        time = (low * high) ** 0.5
    return min(found, key=lambda pair: codebooks(pair[1]))


def _in_time(nodes: Units, time: float) -> Units:
    """The nodes as units of a walk that crosses between modules `time` times as often, without preference."""
    into = nodes.into * time
    out = into if nodes.out is nodes.into else nodes.out * time
    words = None if nodes.words is None else nodes.words._replace(preferred=-1)
    return frozen(nodes._replace(pace=nodes.pace * time, out=out, into=into, words=words))
