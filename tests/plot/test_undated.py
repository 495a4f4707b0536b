"""A figure is the same file whenever it is drawn."""

import pytest

from minent.plot.undated import save


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_figures_tell_no_time(kind, tmp_path, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    drawn = []
    for day in range(2):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(86_400 * (day + 1)))  # by which matplotlib tells the time
        figure, axes = pyplot.subplots()
        axes.plot([1, 2, 3], clip_on=True)
        save(figure, tmp_path / f"a.{kind}", kind)
        pyplot.close(figure)
        drawn.append((tmp_path / f"a.{kind}").read_bytes())
    assert drawn[0] == drawn[1]
