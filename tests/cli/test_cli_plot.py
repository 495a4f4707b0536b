"""A run is drawn from its log, whole or at work; what is no run is refused."""

import json

import numpy as np
import pytest

from minent.cli import main
from minent.plot.run import lines


def logged(folder, records, end=""):
    folder.mkdir(exist_ok=True)
    (folder / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records) + end)
    return folder


TEXT = [
    {"step": i, "steps": 900, "loss": 1 / i, "gradient_norm": 2.0, "learning_rate": 1e-3 / i, "tokens_per_second": 5e3,
     "dev": {"loss": 2 / i, "bleu": i / 10} if i % 300 == 0 else None}
    for i in range(1, 901)
]  # fmt: skip


def test_a_panel_for_losses_and_one_for_each_other_number():
    panels = lines(TEXT)
    assert list(panels) == ["loss", "bleu", "gradient norm", "learning rate"]
    (dev, steps, values), (loss, places, means) = panels["loss"]
    assert (dev, loss) == ("judged loss", "loss")
    assert steps.tolist() == [300, 600, 900] and values.tolist() == [2 / 300, 2 / 600, 2 / 900]
    assert len(places) == 200 and np.isclose(places[0], 3.0)  # the mean of steps 1 to 5
    assert np.isclose(means[0], np.mean([1 / i for i in range(1, 6)]))
    assert panels["bleu"][0][2].tolist() == [30.0, 60.0, 90.0]


@pytest.mark.parametrize("name", ["a.html", "a.png", "a.svg", "a.pdf"])
def test_it_is_drawn_while_it_is_at_work(name, tmp_path, capsys):
    run = logged(tmp_path / "<run>", TEXT, end='{"step": 901, "lo')
    main(["plot", str(run), "-o", str(tmp_path / name)])
    data = (tmp_path / name).read_bytes()
    assert len(data) > 5000 and str(tmp_path / name) in capsys.readouterr().out
    if name == "a.html":
        assert b"&lt;run&gt;" in data and b"900 of 900 steps" in data and b"<svg" in data and b"<run>" not in data


def test_a_learning_rate_that_stays_is_not_drawn():
    assert list(lines([{"step": i, "loss": i, "learning_rate": 1e-3} for i in (1, 2)])) == ["loss"]


def test_a_games_page_shows_what_it_drew(tmp_path):
    games = [{"step": i, "critic_loss": 1.0, "generator_loss": 2.0, "gap": 0.1, "scores": None} for i in (1, 2)]
    run = logged(tmp_path / "run", games)
    (run / "pictures").mkdir()
    for i in range(9):
        (run / "pictures" / f"step-{i:08d}.png").write_bytes(b"png")
    main(["plot", str(run)])
    page = (run / "curves.html").read_text()
    assert page.count("<img") == 6 and "<h2>step 8</h2>" in page and "generator loss" in page


@pytest.mark.parametrize(
    "content, sentence",
    [(None, "there is no"), ("", "holds no step yet"), ("[]\n", "no log of a run"), ('{"step": "a"}\n', "no log of"),
     ("{\n", "no log of")],
)  # fmt: skip
def test_what_is_no_run_is_one_sentence(content, sentence, tmp_path, capsys):
    if content is not None:
        (tmp_path / "log.jsonl").write_text(content)
    with pytest.raises(SystemExit) as stop:
        main(["plot", str(tmp_path)])
    assert stop.value.code == 2 and sentence in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["plot", str(tmp_path), "-o", str(tmp_path / "a.gif")])
