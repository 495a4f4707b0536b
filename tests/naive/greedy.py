"""Local moving by the book: a node goes where L(M after) is least, if that is shorter than L(M) by more than `least`.

Nodes wait in a queue; when one moves, its neighbours outside its new module are put in again. Nothing is tracked and
nothing pruned: each candidate is judged by computing the codelength anew.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from naive.map_equation import Partition, codelength, moved
from naive.walk import Walk


def home(partition: Partition, node: int) -> int:
    """The number of the module that holds a node.

    >>> home([[0, 1], [2]], 2)
    1
    """
    return next(number for number, module in enumerate(partition) if node in module)


def candidates(partition: Partition, node: int, neighbours: Sequence[int]) -> list[int]:
    """Where a node may go: the modules of its neighbours, and a new one unless it is alone already; one without
    neighbours stays.

    >>> candidates([[0, 1], [2], [3]], 0, [1, 2])
    [1, 3]
    """
    own = home(partition, node)
    new = [len(partition)] if neighbours and len(partition[own]) > 1 else []
    return sorted({home(partition, neighbour) for neighbour in neighbours} - {own}) + new


def local_moving(
    partition: Partition, order: Iterable[int], neighbours: Sequence[Sequence[int]], walk: Walk, least: float
) -> tuple[Partition, int]:
    """The partition after nodes moved one by one from the front of the queue, and how many moves it took."""
    queue, moves = deque(order), 0
    while queue:
        node = queue.popleft()
        options = [moved(partition, node, target) for target in candidates(partition, node, neighbours[node])]
        best = min(options, key=lambda option: codelength(option, *walk), default=partition)
        if codelength(best, *walk) >= codelength(partition, *walk) - least:
            continue
        partition, moves = best, moves + 1
        module = partition[home(partition, node)]
        queue.extend(other for other in neighbours[node] if other not in queue and other not in module)
    return partition, moves
