"""The command line: what the library does, by the same names, with a readable summary at the end."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from errno import EDQUOT, EFBIG, ENAMETOOLONG, ENOSPC
from pathlib import Path
from typing import Any

from cyclopts import App, CycloptsError, Parameter, UnknownCommandError

from minent import __version__
from minent.cli.attribution import attribution
from minent.cli.community import community
from minent.cli.doctor import doctor
from minent.cli.gan import gan
from minent.cli.inputs import DASH, check_numbers, dashed
from minent.cli.kept_options import of_run
from minent.cli.plotted import plot
from minent.cli.processes import part
from minent.cli.recipe import with_recipe
from minent.cli.shown import forgive, guard
from minent.cli.text import text
from minent.errors import MinentError
from minent.plot.speaking import Language

PATHS = FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError  # of paths that were given

OURS = MinentError, CycloptsError, OSError  # what speaks for itself
MEMORY = "can't allocate memory", "out of memory", "Storage size calculation"  # what torch says, on CPUs and GPUs
DISK = [os.strerror(code) for code in (ENOSPC, EFBIG, EDQUOT)]

app = App(
    name="minent",
    version=__version__,
    help="Minimum entropy: learn from networks, texts and images. Add --debug to any command to see where an error "
    "came from.",
    help_format="plaintext",
    default_parameter=Parameter(negative=""),
)
app.command(attribution)
app.command(community)
app.command(gan)
app.command(text)
app.command(doctor)
app.command(plot)
app.register_install_completion_command(help="Let the shell complete commands and options of minent.")


@app.command
def tour(folder: Path = Path("tour"), *, language: Language = "en") -> None:
    """See what it does, on data that installed packages carry: some minutes, and a page to look at, which grows as it
    goes on. 中文: minent tour --language zh

    Parameters
    ----------
    folder
        Where to write the pages.
    language
        What the tour is told in: English or Chinese.
    """
    from minent.cli.terminal import progress
    from minent.tour import tour

    steps, done, begun = tour(folder, language), object(), False
    try:
        while True:
            with progress() as say:
                say("touring")
                lines = next(steps, done)
            if lines is done:
                return
            begun = True
            print(lines, flush=True)
    except KeyboardInterrupt:
        if begun:
            print(f"so far: {(folder / 'index.html').resolve()}", flush=True)
        raise


def _shows_all(stream: Any) -> None:
    """Pipes and files are written in UTF-8; a terminal shows ? for what it has no character for."""
    if hasattr(stream, "reconfigure"):
        said = {"errors": "replace"} if stream.isatty() else {"encoding": "utf-8", "errors": "surrogateescape"}
        stream.reconfigure(**said)


def _deeper(error: BaseException) -> str:
    """Where a command that is not there would be."""
    if not isinstance(error, UnknownCommandError) or not error.unused_tokens:
        return ""
    word = error.unused_tokens[0]
    found = [f"minent {room} {word}" for room in ("attribution", "community", "gan", "text") if word in [*app[room]]]
    return f" Did you mean {' or '.join(found)}?" if found else ""


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those in whose handling it was raised."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _of_disk(error: BaseException) -> bool:
    return any(told in str(error) for told in DISK)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the only place where an error becomes a sentence and an exit status."""
    # threads that wait for others sleep: spinning, they take cores that someone else may need. Before torch is loaded
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in arguments
    tokens = [DASH if word == "-" else word for word in arguments if word != "--debug"]
    nowhere = Path(os.devnull)  # in place of streams that were closed, which are None
    sys.stdin = sys.stdin or nowhere.open()
    sys.stdout, sys.stderr = (stream or nowhere.open("w") for stream in (sys.stdout, sys.stderr))
    forgive(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        _shows_all(stream)
        guard(stream)
    if debug:
        logging.getLogger("minent").setLevel(logging.DEBUG)
    try:
        tokens = of_run(with_recipe(tokens))
        command, bound, _ = app.parse_args(tokens, exit_on_error=False, print_error=False)
        check_numbers(bound.arguments)
        command(*map(dashed, bound.args), **{name: dashed(value) for name, value in bound.kwargs.items()})
        sys.stdout.flush()
        part()
    except BrokenPipeError:  # who read our output has gone: nothing more to say, even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseException as error:  # a panic of Rust is no Exception
        if debug or isinstance(error, (SystemExit, GeneratorExit)):
            raise
        sentence = str(error).replace(DASH, "-") + _deeper(error)
        if isinstance(error, OSError) and error.filename is not None:
            sentence = f"{str(error.filename2 or error.filename)!r}: {error.strerror}"
        if isinstance(error, OURS):
            pass
        elif isinstance(error, MemoryError) or any(one in sentence for one in MEMORY):
            sentence = ": ".join(["more memory is wanted than there is", *sentence[:200].splitlines()[:1]])
        elif full := next(filter(_of_disk, _behind(error)), None):
            sentence = str(full).splitlines()[0]
        else:
            sentence = f"{type(error).__name__}: {error} (a mistake in minent; --debug shows where)"
        print(f"minent: {sentence}", file=sys.stderr)
        given = isinstance(error, (MinentError, CycloptsError, *PATHS)) or getattr(error, "errno", 0) == ENAMETOOLONG
        sys.exit(2 if given else 1)
