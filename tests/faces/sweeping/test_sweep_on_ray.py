"""Sweeps on a real Ray cluster of two nodes on this machine: the same rows, whoever dies in the middle."""

import json
import os
import signal
import threading
import time

import pytest

import vidcalc
from vidcalc.faces.sweeping import asked as asked_for

pytestmark = pytest.mark.ray
ray = pytest.importorskip("ray")

SETTINGS = {
    "model": ["wan2.1-t2v-1.3b", "ltx-2"],
    "gpu": "h100,4090,5090,l40s",
    "offload": "none,group,model",
    "frames": "17:81:8",
    "columns": "seconds,verdict,cost,allocated",
}
ROWS = 2 * 4 * 3 * 9


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each, beside a head without any."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(2):
        made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made.address
    ray.shutdown()
    made.shutdown()


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of one combination, in every worker: the driver cuts, and says so."""
    monkeypatch.setattr(asked_for, "PART", 9)


def rows(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.usefixtures("small_parts")
def test_a_cluster_makes_the_same_rows(cluster, tmp_path):
    alone, together = tmp_path / "alone.jsonl", tmp_path / "together.jsonl"
    vidcalc.sweep(**SETTINGS, output=alone)
    swept = vidcalc.sweep(**SETTINGS, output=together, engine="ray", ray_address=cluster)
    assert together.read_bytes() == alone.read_bytes()
    assert swept.kept == ROWS


def test_orders_and_fronts_are_the_same(cluster):
    for kept in ({"sort": "cost", "top": 7}, {"pareto": "cost,seconds"}):
        alone = vidcalc.sweep(**SETTINGS, **kept)
        together = vidcalc.sweep(**SETTINGS, **kept, engine="ray", ray_address=cluster)
        assert together.to_json() == alone.to_json()


@pytest.mark.usefixtures("small_parts")
def test_a_worker_that_is_killed_loses_and_doubles_nothing(cluster, tmp_path):
    alone, together = tmp_path / "alone.jsonl", tmp_path / "together.jsonl"
    vidcalc.sweep(**SETTINGS, output=alone)
    folder, killed = tmp_path / "together.jsonl.parts", []

    def kill():
        """Once some parts are there, kill the processes that work on others."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not killed:
            if folder.is_dir() and len(list(folder.glob("part-*.json"))) >= 3:
                for process in workers():
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)
            time.sleep(0.02)

    watcher = threading.Thread(target=kill)
    watcher.start()
    vidcalc.sweep(**SETTINGS, output=together, engine="ray", ray_address=cluster)
    watcher.join()
    assert killed
    assert together.read_bytes() == alone.read_bytes()


def workers():
    """The processes on this machine that are making a part."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if file.read().startswith(b"ray::part"):
                        found.append(int(name))
            except OSError:
                pass
    return found


@pytest.mark.usefixtures("small_parts")
def test_a_driver_that_dies_leaves_parts_that_are_not_made_again(cluster, tmp_path, monkeypatch):
    from vidcalc.faces.sweeping import folder

    path, alone = tmp_path / "rows.jsonl", tmp_path / "alone.jsonl"
    vidcalc.sweep(**SETTINGS, output=alone)
    keep, added = folder.Folder.add, []

    def dying(self, number, *rest):
        if len(added) == 5:
            raise KeyboardInterrupt
        added.append(number)
        keep(self, number, *rest)

    monkeypatch.setattr(folder.Folder, "add", dying)
    with pytest.raises(KeyboardInterrupt):
        vidcalc.sweep(**SETTINGS, output=path, engine="ray", ray_address=cluster)
    first, again = list(added), []
    monkeypatch.setattr(
        folder.Folder, "add", lambda self, number, *rest: (again.append(number), keep(self, number, *rest))
    )
    vidcalc.sweep(**SETTINGS, output=path, resume=True, engine="ray", ray_address=cluster)
    assert sorted(first + again) == list(range(2 * 4 * 3))
    assert path.read_bytes() == alone.read_bytes()


def test_a_cluster_that_does_not_answer_is_one_clear_refusal():
    with pytest.raises(vidcalc.InputError, match="--ray-address"):
        vidcalc.sweep(**SETTINGS, engine="ray", ray_address="127.0.0.1:1")
