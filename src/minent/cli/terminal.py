"""What the command line shows: a line that says what is happening, and a summary of what was found."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from minent.cli.shown import console, plain

if TYPE_CHECKING:
    import numpy as np

    from minent.community import Tree
    from minent.data import Graph
    from minent.gan import Scores, Turn
    from minent.text.exposure.diagnosis import Exposure
    from minent.training import Record


def summary(
    network: "Graph",
    tree: "Tree",
    most: int = 10,
    called: Sequence[Sequence[str]] | None = None,
    heading: str = "most telling",
) -> None:
    """What was found, for a terminal of 80 columns; `called` are words for each module of the tree, under `heading`."""
    kind = "directed" if network.directed else "undirected"
    saved = 100 * (1 - tree.codelength / tree.one_level_codelength) if tree.one_level_codelength else 0.0
    nodes = f"{network.number_of_nodes:,} nodes"
    if tree.states is not None and tree.physical is not None:
        nodes = f"{len(tree.states):,} states of {len(set(tree.physical.tolist())):,} nodes"
        nodes += f" in {len(set(tree.layers.tolist())):,} layers" if tree.layers is not None else ""
    print(f"{nodes}, {network.number_of_links:,} {kind} links")
    if network.plan is not None:
        print(network.plan)
    found = f"{tree.number_of_modules:,} modules"
    if tree.depth > 1:
        found = f"{tree.number_of_top_modules:,} top modules, {tree.number_of_modules:,} leaf modules"
    found += f" in {tree.depth} level{'s' * (tree.depth != 1)}; {tree.effective_number_of_modules:.1f} by entropy"
    lone = 0 if tree.flow is None else int(tree.flow.lone.sum())
    print(found + (f"; {lone:,} without links to others" if lone else ""))
    print(f"{tree.codelength:.4f} bits per step, {saved:.2f} % below the {tree.one_level_codelength:.4f} of one module")
    print(f"  index {tree.index_codelength:.4f}, modules {tree.module_codelength:.4f}")

    table = _table(numbers=("module", "flow", "nodes", "inside")[: 4 if tree.depth > 1 else 3])
    table.add_column("most visited" if called is None else heading, no_wrap=True, overflow="ellipsis")
    modules = tree.modules()
    for module in modules[:most]:
        inside = [f"{module.modules:,}"] if tree.depth > 1 else []
        names = (called[tree.paths.index(module.path)] if called else ()) or module.top
        top = Text(plain(", ".join(" ".join(str(name).split()) for name in names)))
        table.add_row(module.path, f"{100 * module.flow:.2f} %", f"{module.nodes:,}", *inside, top)
    shown = console()
    shown.print()
    shown.print(table)
    if len(modules) > most:
        print(f"… and {len(modules) - most:,} smaller modules")
    print()


def told(plan: str) -> None:
    """What was read, and what was not, in lines of 80 columns; names stay whole."""
    print(fill(plan, 80, break_on_hyphens=False, break_long_words=False))


def agreed(one: "Tree", other: "Tree", table: "np.ndarray") -> None:
    """The agreement of each depth of one tree with each depth of another."""
    tops = f"{one.number_of_top_modules:,} and {other.number_of_top_modules:,} top modules"
    print(f"{len(one.module):,} nodes, {tops}; adjusted mutual information:")
    shown = _table("first \\ second", numbers=[f"depth {depth}" for depth in range(1, table.shape[1] + 1)])
    for depth, row in enumerate(table.tolist(), 1):
        shown.add_row(f"depth {depth}", *(f"{value:.4f}" for value in row))
    console().print(shown)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is happening, where that is a terminal; what the library logs too."""
    line = console(stderr=True)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING or record.levelno <= logging.DEBUG:
                line.print(plain(record.getMessage()), markup=False)
            else:
                say(record.getMessage())

    handler, log = Handler(logging.DEBUG), logging.getLogger("minent")
    before = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.DEBUG if log.level == logging.DEBUG else logging.INFO)
    log.propagate = False
    with line.status("…") as status:

        def say(text: str) -> None:
            status.update(Text(plain(text)))

        try:
            yield say
        finally:
            log.removeHandler(handler)
            log.setLevel(before[0])
            log.propagate = before[1]


def training(records: "Iterable[Record]") -> int:
    """Follow a training run: a line for each evaluation, and where it stands on standard error. Its number of steps."""
    steps = 0
    with progress() as say:
        say("preparing")
        for record, left in _timed(records):
            steps = record.steps
            where = f"step {record.step:,} of {record.steps:,}, epoch {record.epoch}, loss {record.loss:.4f}"
            say(f"{where}, {record.tokens_per_second:,.0f} targets/s, {left}")
            if record.dev is not None:
                scores = ", ".join(f"{name} {score:.4f}" for name, score in record.dev.items())
                print(f"{where}; judged: {scores}", flush=True)
    return steps


def _timed(steps: "Iterable[Any]") -> "Iterator[tuple[Any, str]]":
    """Each step that was taken, and how long the rest will take at the pace so far."""
    start, first = time.perf_counter(), None
    for one in steps:
        first = one.step if first is None else first
        left = (time.perf_counter() - start) / (one.step - first + 1) * (one.steps - one.step)
        yield one, f"{left / 60:.0f} min {left % 60:02.0f} s left"


def playing(turns: "Iterable[Turn]") -> None:
    """Follow a game of two networks: a line for each time it is judged, and where it stands on standard error."""
    with progress() as say:
        say("preparing")
        for turn, left in _timed(turns):
            where = f"step {turn.step:,} of {turn.steps:,}, gap {turn.gap:.2f}"
            lost = f"losses {turn.critic_loss:.3f} and {turn.generator_loss:.3f}"
            say(f"{where}, {lost}, {turn.samples_per_second:,.0f} samples/s, {left}")
            if turn.scores is not None:
                scores = ", ".join(f"{name} {score:.3g}" for name, score in turn.scores.items())
                print(f"{where}; {scores or 'no scores, which want 12 real samples'}", flush=True)


def drawn_and_floor(scores: "Scores") -> None:
    """Scores of drawn samples beside those of real ones in their place."""
    table = _table("", numbers=("drawn", "real") if scores.floor else ("drawn",))
    for name, value in scores.drawn.items():
        table.add_row(name, f"{value:.4g}", *([f"{scores.floor[name]:.4g}"] if scores.floor else []))
    console().print(table)


def exposed(measured: "Exposure") -> None:
    """Accuracies after each kind of history, for a terminal of 80 columns."""
    positions, share = measured.binned()
    table = _table("history", numbers=("all", *positions), apart=1)
    for (name, whole), row in zip(measured.accuracy.items(), share, strict=True):
        table.add_row(name, *(f"{100 * one:.1f}" for one in (whole, *row)))
    print(f"{measured.count.sum():,} tokens; % right, in all and by position in the text")
    console().print(table)


def _table(*words: str, numbers: Sequence[str], apart: int = 2) -> Table:
    """Columns of words, then of numbers."""
    table = Table(box=None, padding=(0, apart, 0, 0), header_style="bold")
    for name in (*words, *numbers):
        least = len("33.54 %") if name == "flow" else None  # where words are long, they give way
        table.add_column(name, justify="right" if name in numbers else "left", no_wrap=True, min_width=least)
    return table
