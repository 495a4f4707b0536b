"""Ray as a search finds it: a cluster that runs somewhere, or one of this machine alone that is started and stopped."""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from minent.community.search.on_ray import Machines, short
from minent.errors import BadInput, MinentError, require
from minent.kernels import log

SET = "RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE"  # of the environment, by Ray and for it
LONGEST = 40  # letters of a folder in which Ray's names of sockets fit what systems allow
LEAST, SHARE = 80_000_000, 0.3  # bytes of a store of shards, and how much of all memory it may be


@contextmanager
def cluster(address: str, memory: int, threads: int) -> Iterator[None]:
    """Within the block, Ray is there: that at the address, with "auto" one that runs on this machine or is named by
    RAY_ADDRESS, else ("local": always) one of this machine alone, started here, whose store takes half of `memory` at
    most, and stopped after.

    Raises MissingExtra without Ray, BadInput where none answers there, or this process works with another one.
    """
    ray = require("ray", "ray", "search on many machines")
    if ray.is_initialized():
        _is_that(ray, address)
        yield
        return
    named = os.environ.get("RAY_ADDRESS") or address if address == "auto" else address
    if "://" in named:
        raise BadInput(
            f"a search runs on a machine of the cluster itself, as `ray job submit` starts it there; got {named!r}"
        )
    before, started = {name: os.environ.get(name) for name in SET}, None
    try:
        if named != "local":
            try:
                _answers(_recorded() if named == "auto" else named)
                ray.init(address=named, log_to_driver=False, logging_level="error")
                _heard(ray, named)
            except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
                if named != "auto" or not isinstance(error, ConnectionError):  # that is: there is none
                    raise BadInput(f"no Ray cluster to work with at {named!r}: {short(error)}") from None
        if not ray.is_initialized():
            started = _started(ray, memory, threads)
        count, cores = sum(node["Alive"] for node in ray.nodes()), ray.cluster_resources().get("CPU", 0)
        log.info("Ray: %d machines, %d cores%s", count, cores, ", started here" if started else "")
        yield
    except SystemExit:
        if hasattr(signal, "alarm"):  # Ray makes one of SIGTERM, and sets an alarm that aborts what is not done in 3 s
            signal.alarm(0)
        raise
    finally:
        ray.shutdown()
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})
        if started is not None:
            _cleared(Path(started))


def _is_that(ray: Any, address: str) -> None:
    """Raises BadInput where this process works with another Ray than is asked for, or from outside."""
    from ray.util.client import ray as client

    if client.is_connected():
        raise BadInput("a search runs on a machine of the cluster itself; got a process that works with it by ray://")
    ours = ray.get_runtime_context().gcs_address
    if address not in ("auto", ours):
        how = "say auto, or ray.shutdown() first"
        raise BadInput(f"this process works with the Ray at {ours!r} already; got {address!r}: {how}")


def _cleared(session: Path) -> None:
    """Files of Ray on this machine, where it has ended; nothing else, whatever Ray says its session is."""
    if not session.name.startswith("session_"):
        return
    shutil.rmtree(session, ignore_errors=True)
    latest = session.with_name("session_latest")
    with suppress(OSError):  # others may be there
        if not latest.exists():
            latest.unlink()
        latest.parent.rmdir()


def _answers(address: str) -> None:
    """Raises OSError where nobody does: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError("an address is host:port, auto or local")
    socket.create_connection((host, int(port)), timeout=10).close()


def _recorded() -> str:
    """Where the cluster is that "auto" stands for: one whose machine went down stays on record, and nobody is there."""
    from ray._private.services import canonicalize_bootstrap_address

    found = canonicalize_bootstrap_address("auto")
    if found is None:
        raise ConnectionError("no cluster runs here")
    return found


def _heard(ray: Any, named: str) -> None:
    """Raises MinentError where what a task finds does not arrive, as where one side wants a token and the other not."""
    try:
        machines = Machines()
        machines.got(machines.started(answer, (), ()))
    except MinentError as error:
        if not isinstance(error.__context__, ray.exceptions.OwnerDiedError):
            raise
        other = "name its address in place of auto" if named == "auto" else "set RAY_AUTH_MODE as it was started with"
        why = f"a firewall, or a token that one side alone knows of ({other})"
        raise MinentError(f"machines of the Ray cluster at {named!r} cannot answer this one: {why}") from None


def answer() -> np.ndarray:
    """A task: what is too large to be sent with a word."""
    return np.zeros(1 << 17)


def _started(ray: Any, memory: int, threads: int) -> str:
    """Ray on this machine alone, which asks others for a token, and where it keeps its files."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    room = max(LEAST, memory // 2)
    if hasattr(os, "sysconf"):
        room = min(room, int(SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    where = {"_temp_dir": "/tmp/ray"} if len(os.environ.get("TMPDIR", "")) > LONGEST else {}
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    try:
        found = ray.init("local", num_cpus=threads, object_store_memory=room, **where, **quiet)
    except (RuntimeError, ValueError, OSError) as error:
        raise MinentError(f"Ray could not be started on this machine: {short(error)}") from None
    return found.address_info["session_dir"]
