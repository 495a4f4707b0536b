"""benchmarks/gpu.py where there is no GPU: its checks hold, and one that fails hinders no other."""

import json
import time
from pathlib import Path

import pytest

pytest.importorskip("transformers")


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[1] / "benchmarks")


def test_what_fails_mixes_devices_or_takes_too_long_is_told_and_the_next_check_goes_on(tmp_path, capsys):
    from gpu_report import Report

    def mixes():
        raise RuntimeError("Expected all tensors to be on the same device, but found at least two devices")

    report = Report(tmp_path, 60)
    report.check("far", lambda: 1.0, 0.5)
    report.check("no number", lambda: float("nan"), 0.5)
    report.check("wrong", lambda: {}["key"])
    report.check("mixes", mixes)
    report.check("stays", mixes, stays=True)
    report.check("late", lambda: time.sleep(5), limit=1.1)
    report.check("near", lambda: (0.1, "said"), 0.5)
    report.flush()
    found = {name: status for name, status, *_ in json.loads((tmp_path / "gpu.json").read_text())["checks"]}
    assert list(found.values()) == ["FAIL", "FAIL", "FAIL", "MIXES", "CPU", "late", "ok"]
    assert "7 checks, 6 not ok" in report.shown()


def test_layers_are_near_fp64(tmp_path, capsys):
    from gpu_layers import transformers
    from gpu_report import Report

    report = Report(tmp_path, 60)
    transformers(report)
    checks = report.found["checks"]
    assert len(checks) > 20 and {status for _, status, *_ in checks} == {"ok"}
    assert 0 < max(error for name, _, error, *_ in checks if "fp32" in name) < 1e-5
