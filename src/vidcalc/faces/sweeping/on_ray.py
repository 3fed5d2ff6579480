"""Parts of a sweep made by a Ray cluster: the same function, the same rows.

Every part is a task. The driver alone writes, so that workers need no disk in common: a task hands back the content of
its part, and what a killed worker was making is made again by another, once. No more tasks wait than keep the cluster
busy, so that the driver's memory does not grow with the sweep.
"""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import islice

from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.sweeping.run import Engine, Made, made
from vidcalc.faces.words import _, spoken, use

PATIENCE = 5.0  # seconds for a cluster to answer
AHEAD = 2  # tasks for each core of the cluster
RETRIES = -1  # a worker that is lost is no fault of its part's: another makes it


def on_ray(address: str | None) -> Engine:
    """The engine on a cluster at that address; on one that is begun here where there is none.

    Raises Refused without ray, and where there is no cluster at the address.
    """
    if find_spec("ray") is None:
        expects = _("{engine} with the extra {extra}: pip install 'vidcalc[{extra}]'", engine="ray", extra="ray")
        raise Refused("--engine", "ray", expects, "local", ("local",))

    def engine(asked: Asked, numbers: Iterable[int], kind: str) -> Iterator[Made]:
        import ray

        begun = not ray.is_initialized()
        if begun:
            connected(address)
        try:
            yield from tasks(asked, numbers, kind)
        finally:
            if begun:
                ray.shutdown()

    return engine


def connected(address: str | None) -> None:
    """Join the cluster, or begin one of this machine. Raises Refused where none answers."""
    import logging

    import ray

    if address is None:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
        return
    try:
        answers(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError):
        expects = _("the address of a cluster that answers: HOST:PORT, ray://HOST:PORT or auto")
        raise Refused("--ray-address", address, expects, None, ()) from None


def answers(address: str) -> None:
    """Ask whether anybody listens there: Ray itself would wait for minutes. Raises OSError, and ValueError."""
    import socket

    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()


def part(asked: Asked, number: int, kind: str) -> Made:
    """One part, in the language of whoever asked: a worker has an environment of its own."""
    if spoken() != asked.language:
        use(asked.language)
    return made(asked, number, kind)


def tasks(asked: Asked, numbers: Iterable[int], kind: str) -> Iterator[Made]:
    """The parts as they are finished, in any order."""
    import ray

    task = ray.remote(max_retries=RETRIES, num_cpus=1)(part)
    what = ray.put(asked)
    left = iter(numbers)
    most = max(int(ray.cluster_resources().get("CPU", 1)) * AHEAD, 1)
    waiting = [task.remote(what, number, kind) for number in islice(left, most)]
    while waiting:
        (done,), waiting = ray.wait(waiting)
        waiting += [task.remote(what, number, kind) for number in islice(left, 1)]
        yield ray.get(done)
