"""Ray as a search finds it: a cluster that runs somewhere, or one of this machine alone that is started and stopped."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minent.community.search.on_ray import Machines, short
from minent.errors import BadInput, MinentError, require
from minent.kernels import log

SET = "RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE"  # of the environment, by Ray and for it
LONGEST = 28  # letters of a folder in which Ray's names of sockets, in a folder of ours, fit what systems allow
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
    before, files, at = {name: os.environ.get(name) for name in SET}, None, named
    try:
        if named != "local":
            try:
                at = _recorded() if named == "auto" else named
                _answers(at)
                ray.init(address=named, log_to_driver=False, logging_level="error")
                _heard(ray, named)
            except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
                if named != "auto" or not isinstance(error, ConnectionError):  # that is: there is none
                    raise BadInput(f"no Ray cluster to work with at {at!r}: {short(error)}") from None
        if not ray.is_initialized():
            files = tempfile.mkdtemp(prefix="ray-", dir=_room())
            _started(ray, memory, threads, files)
        count, cores = sum(node["Alive"] for node in ray.nodes()), ray.cluster_resources().get("CPU", 0)
        log.info("Ray: %d machines, %d cores%s", count, cores, ", started here" if files else "")
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
        if files is not None:
            shutil.rmtree(files, ignore_errors=True)


def _is_that(ray: Any, address: str) -> None:
    """Raises BadInput where this process works with another Ray than is asked for, or from outside."""
    from ray.util.client import ray as client

    if client.is_connected():
        raise BadInput("a search runs on a machine of the cluster itself; got a process that works with it by ray://")
    ours = ray.get_runtime_context().gcs_address
    if address not in ("auto", ours):
        how = "say auto, or ray.shutdown() first"
        raise BadInput(f"this process works with the Ray at {ours!r} already; got {address!r}: {how}")


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


def _room() -> str:
    """Where there is room for files of Ray, with names of sockets that are not too long."""
    told = (os.environ.get(name, "") for name in ("RAY_TMPDIR", "TMPDIR"))
    found = [one for one in (*told, "/tmp") if 0 < len(one) <= LONGEST and os.access(one, os.W_OK)]
    return found[0] if found else tempfile.gettempdir()


def _started(ray: Any, memory: int, threads: int, files: str) -> None:
    """Ray on this machine alone, which asks others for a token, with its files in this folder."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    room = max(LEAST, memory // 2)
    if hasattr(os, "sysconf"):
        room = min(room, int(SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    try:
        ray.init("local", num_cpus=threads, object_store_memory=room, _temp_dir=files, **quiet)
    except (RuntimeError, ValueError, OSError) as error:
        raise MinentError(f"Ray could not be started on this machine: {short(error)}") from None
