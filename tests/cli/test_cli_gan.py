"""`minent gan train`, `draw` and `score` from end to end."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from minent.cli import main
from minent.cli.terminal import playing
from minent.gan.turns import Turn

SMALL = ["--width", "4", "--latent", "4", "--batch", "16", "--steps", "4", "--evaluate-every", "2"]


def png(path):
    """Pixels of a PNG whose rows are not filtered."""
    data, at, rows = path.read_bytes(), 8, b""
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        rows += body if kind == b"IDAT" else b""
        at += 12 + length
    return np.frombuffer(zlib.decompress(rows), np.uint8).reshape(height, -1)[:, 1:].reshape(height, width, 3)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gan")
    pixels = np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype(np.uint8)
    np.save(folder / "images.npy", pixels)
    main(["gan", "train", str(folder / "images.npy"), "--out", str(folder / "run"), *SMALL])
    return folder


def test_training_leaves_pictures_a_log_and_a_generator(run):
    assert sorted(path.name for path in (run / "run" / "pictures").iterdir()) == [f"step-{i:08d}.png" for i in (2, 4)]
    lines = [json.loads(line) for line in (run / "run" / "log.jsonl").read_text().splitlines()]
    assert len(lines) == 4 and {"fid", "precision", "coverage"} == set(lines[3]["scores"])
    picture = png(run / "run" / "pictures" / "step-00000004.png")
    assert picture.shape[0] == picture.shape[1] and picture.std() > 1


def test_every_snapshot_draws_and_grids_go_from_one_sample_to_another(run, capsys):
    places = [str(run / "run" / "snapshots" / f"step-{i:08d}") for i in (2, 4)]
    for i, place in enumerate(places):
        main(["gan", "draw", "--model", place, "-n", "2", "-o", str(run / f"snapshot{i}.npy")])
    first, last = (np.load(run / f"snapshot{i}.npy") for i in (0, 1))
    assert first.shape == last.shape and (first != last).any()
    for grid in ("interpolation", "truncation"):
        main(["gan", "draw", "--model", places[1], "-n", "9", "--grid", grid, "-o", str(run / f"{grid}.npy")])
    plain, between, narrow = last, np.load(run / "interpolation.npy"), np.load(run / "truncation.npy")
    assert between.shape[0] == narrow.shape[0] == 16  # two rows of 8
    assert np.abs(between[0].astype(int) - plain[0]).max() <= 1 and np.abs(between[7].astype(int) - plain[1]).max() <= 1
    assert len({image.tobytes() for image in between[:8]}) > 2
    spread = narrow.reshape(2, 8, -1).astype(float)
    assert np.abs(spread[0, 0] - spread[1, 0]).sum() < np.abs(spread[0, 7] - spread[1, 7]).sum()
    with pytest.raises(SystemExit) as stopped:
        main(["gan", "draw", "--model", places[1], "--truncation", "0", "-o", str(run / "no.png")])
    assert stopped.value.code == 2 and "truncation must be positive" in capsys.readouterr().err


def test_one_folder_is_scored_beside_another(run, capsys):
    random = np.random.default_rng(3)
    np.save(run / "one.npy", random.integers(0, 256, (30, 8, 8)).astype(np.uint8))
    np.save(run / "colour.npy", random.integers(0, 256, (40, 12, 12, 3)).astype(np.uint8))
    main(["gan", "score", str(run / "one.npy"), str(run / "images.npy"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["counted"] == [30, 30] and {"kid", "recall"} <= found["floor"].keys()
    main(["gan", "score", str(run / "one.npy"), str(run / "colour.npy"), "--whole", "--most", "25"])
    told = capsys.readouterr()
    assert "25 drawn beside 25 real ones" in told.out and "both are brought to 8 by 8" in " ".join(told.out.split())
    for words, said in (
        (["one.npy"], "drawn/ photos/"), (["one.npy", "one.npy", "--data", "one.npy"], "drawn/ photos/"),
        (["one.npy", "gaussians"], "compared with their like"),
    ):  # fmt: skip
        with pytest.raises(SystemExit) as stopped:
            main(["gan", "score", *(str(run / word) if word.endswith("npy") else word for word in words)])
        assert stopped.value.code == 2 and said in " ".join(capsys.readouterr().err.split())


def test_a_late_collapse_is_told_with_where_the_better_generator_lies(tmp_path, capsys):
    from minent.cli.gan.train import _told_of_the_best

    for last, told in ((9.0, True), (5.2, False)):
        lines = [
            {"step": i, "steps": 4, "scores": {"fid": fid} if fid else None} for i, fid in ((1, 0), (2, 5.0), (4, last))
        ]
        (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        _told_of_the_best(tmp_path)
        said = capsys.readouterr().out
        assert ("step 2" in said and "snapshots/step-00000002" in said) is told and bool(said) is told


def test_a_longer_run_goes_on(run, capsys):
    more = [word if SMALL[i - 1] != "--steps" else "6" for i, word in enumerate(SMALL)]
    words = ["gan", "train", str(run / "images.npy"), "--out", str(run / "run"), *more, "--resume"]
    main(words)
    assert "step 6 of 6" in capsys.readouterr().out


def test_draws_are_those_of_the_seed(run):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        main(["gan", "draw", "--model", str(run / "run"), "-n", "9", "-o", str(run / f"{name}.npy"), "--seed", seed])
    a, b, c = (np.load(run / f"{name}.npy") for name in "abc")
    assert a.shape == (9, 8, 8, 1) and a.dtype == np.uint8
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    main(["gan", "draw", "--model", str(run / "run"), "-n", "9", "-o", str(run / "grid.png")])
    scale = 480 // 24
    assert np.array_equal(png(run / "grid.png")[2 : 2 + 8 * scale : scale, 2 : 2 + 8 * scale : scale, 0], a[0, :, :, 0])


def test_a_label_that_none_has_is_one_sentence(run, capsys):
    with pytest.raises(SystemExit):
        main(["gan", "draw", "--model", str(run / "run"), "-n", "99", "--label", "3", "-o", str(run / "l.npy")])
    assert capsys.readouterr().err == "minent: a generator without classes draws none by its label; got '3'\n"


def test_what_is_printed_fits_a_terminal(run, capsys, tmp_path):
    labels = np.arange(60) % 2
    rows = {"label": labels.tolist(), "image": np.load(run / "images.npy").tolist()}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    scores = {"fid": 924.81, "precision": 0.123456, "coverage": 0.1}
    playing([Turn(150_000, 200_000, 99, 0.512, 1.58, 1.1, 2e-4, 1e3, scores)])
    main(["gan", "train", str(tmp_path / "a.parquet"), "--out", str(tmp_path / "run"), *SMALL, "--classes"])
    main(["gan", "score", "--model", str(tmp_path / "run"), "--data", str(tmp_path / "a.parquet")])
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("wrote")]
    assert lines[0] == "step 150,000 of 200,000, gap 1.10; fid 925, precision 0.123, coverage 0.1"
    assert lines[1] == "60 images of 2 classes: 0, 1" and lines[2].startswith("grey images of 8 by 8, gn; ")
    assert lines[-1].endswith("% right on images held out")
    assert len(lines) > 8 and max(map(len, lines)) <= 80


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Pictures of two classes in two splits: cats are dark, dogs are light."""
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path_factory.mktemp("photos") / "data"
    for split, number in (("train", 12), ("test", 8)):
        for name, grey in (("cat", 40), ("dog 10", 200), ("dog 2", 210)):
            (folder / split / name).mkdir(parents=True)
            for i in range(number):
                image.fromarray(np.full((8, 8), grey + i, np.uint8)).save(folder / split / name / f"{i}.png")
    (folder / "train" / "cat" / "3.png").write_bytes(b"torn")
    (folder / "train" / "notes.txt").write_text("of a walk")
    return folder


def test_what_is_read_is_told_before_training_and_classes_keep_their_names(photos, capsys):
    words = ["gan", "train", str(photos), "--out", str(photos.parent / "named"), *SMALL, "--classes"]
    with pytest.raises(SystemExit) as exit:
        main(words)
    assert exit.value.code == 2 and capsys.readouterr().err.startswith(f"minent: '{photos}/train/cat/3.png' is no pic")
    main([*words, "--skip-bad", "1"])
    told = " ".join(capsys.readouterr().out.split("\ngrey images")[0].split())
    assert told == (
        "35 images of 3 classes: cat, dog 2, dog 10; split train; passed over: split test, 1 other file "
        "(train/notes.txt), 1 broken (train/cat/3.png)"
    )
    for name, label in (("all", []), ("dog", ["--label", "dog 10"])):
        main(
            [
                "gan",
                "draw",
                "--model",
                str(photos.parent / "named"),
                "-n",
                "3",
                "-o",
                str(photos.parent / f"{name}.npy"),
                *label,
            ]
        )
    one, other = np.load(photos.parent / "all.npy"), np.load(photos.parent / "dog.npy")
    assert np.array_equal(one[2], other[2]) and not np.array_equal(one[:2], other[:2])  # all: classes in turn
    main(["gan", "score", "--model", str(photos.parent / "named"), "--data", str(photos), "--split", "test"])
    told = " ".join(capsys.readouterr().out.split())
    assert "24 images of 3 classes: cat, dog 2, dog 10; split test; " in told
    assert "classes are drawn as often as the data have them" in told


@pytest.mark.parametrize(
    "words, problem",
    [
        (
            ["draw", "--model", "RUN", "--label", "dog 3", "-o", "a.npy"],
            "of cat, dog 2, dog 10; got 'dog 3'; did you mean",
        ),
        (["train", "PHOTOS", "--out", "x", "--split", "val"], "is divided into test, train; split must name one of th"),
        (
            ["train", "PHOTOS", "--out", "x", "--split", "half"],
            "split must be one of train, validation, test; got 'h",
        ),
        (["train", "PHOTOS", "--out", "x", "--skip-bad", "-1"], "skip_bad must be at least 0; got -1"),
    ],
)
def test_what_the_data_have_not_is_one_sentence(words, problem, photos, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = {"PHOTOS": str(photos), "RUN": str(photos.parent / "named")}
    with pytest.raises(SystemExit) as exit:
        main(["gan", *(places.get(word, word) for word in words)])
    told = capsys.readouterr().err
    assert exit.value.code == 2 and problem in told and told.count("\n") == 1 and not Path("x").exists()


def test_a_run_goes_on_with_its_own_classes_only(photos, capsys):
    words = ["gan", "train", str(photos), "--out", str(photos.parent / "named"), *SMALL, "--classes", "--skip-bad", "1"]
    (photos / "train" / "cat").rename(photos / "train" / "zebra")
    with pytest.raises(SystemExit):
        main([*words, "--resume"])
    (photos / "train" / "zebra").rename(photos / "train" / "cat")
    said = capsys.readouterr().err
    assert "classes was ['cat', 'dog 2', 'dog 10'] in " in said
    assert "got ['dog 2', 'dog 10', 'zebra']" in said


def test_scores_stand_beside_their_floor(run, capsys):
    main(["gan", "score", "--model", str(run / "run"), "--data", str(run / "images.npy"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["drawn"].keys() == found["floor"].keys() >= {"fid", "sliced_w2", "recall"}
    assert found["drawn"]["sliced_w2"] > 0 < found["floor"]["fid"] and found["space"] == "pixels of 8 by 8"


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["cnn", "resnet"])
def test_recipes_of_the_paper_train_as_flags_override_them(name, run, tmp_path):
    recipe = str(EXAMPLES / f"cifar10-{name}.toml")
    small = ["--width=2", "--latent", "2", "--batch", "4", "--steps", "1", "--n_dis", "1"]
    main(["gan", "train", str(run / "images.npy"), recipe, "--out", str(tmp_path / "run"), *small])
    played = json.loads((tmp_path / "run" / "game.json").read_text())
    assert (played["lipschitz"], played["ema"], played["evaluate_every"]) == ("gn", 0.9999, 5000)
    assert (played["steps"], played["batch"], played["n_dis"]) == (1, 4, 1)
    paper = {"cnn": ("logistic", None, "constant"), "resnet": ("hinge", 4e-4, "linear")}
    assert (played["loss"], played["critic_learning_rate"], played["schedule"]) == paper[name]


@pytest.mark.parametrize(
    "content, problem",
    [
        ("critic_learning_rat = 1e-4", "sets 'critic_learning_rat', which is no option; did you mean critic_learning_"),
        ("latent = 8\nn-dis = 5", "sets 'n-dis', which is no option; did you mean n_dis?"),
        ("[playing]\nsteps = 3", "sets 'playing', which is no option"),
        ("objective = 'r-drop'", "sets 'objective', which is no option"),
        ("width = 'wide'", 'unable to convert "wide" into int'),
        ("lipschitz = 'soft'", "--lipschitz"),
        ("steps = ", "is not TOML: "),
        (None, "there is no file 'recipe.toml'; did you mean 'recipes.toml'?"),
    ],
)
def test_a_recipe_that_cannot_be_is_one_sentence_and_status_two(content, problem, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("recipes.toml" if content is None else "recipe.toml").write_text(content or "")
    with pytest.raises(SystemExit) as exit:
        main(["gan", "train", "gaussians", "recipe.toml", "--out", "x"])
    told = capsys.readouterr().err
    assert exit.value.code == 2 and problem in told and told.count("\n") == 1 and not Path("x").exists()


@pytest.mark.parametrize(
    "words, problem",
    [
        (["train", "nothing.npy", "--out", "x"], "there is no file 'nothing.npy'"),
        (["train", "gaussians", "--out", "x", "--size", "8"], "images of 8 by 8 are wanted"),
        (["train", "gaussians", "--out", "x", "--classes"], "classes are wanted"),
        (["train", "gaussians", "--out", "x", "--network", "resnet"], "pixels wide"),
        (["train", "IMAGES", "--out", "x", "--size", "7"], "got 7, and 8 is the nearest such size"),
        (["train", "IMAGES", "--out", "x", "--size", "60"], "got 60, and 56 is the nearest such size"),
        (["train", "IMAGES", "--out", "x", "--classes"], "folders of a class each"),
        (["train", ".", "--out", "x"], "must hold pictures (.png"),
        (["score", "--model", "RUN", "--data", "gaussians"], "images of 8 by 8 are wanted; 'gaussians' holds points"),
        (["score", "--model", "RUN", "--data", "COLOUR"], "draws grey images of 8 by 8; got colour images of 8 by 8"),
        (["score", "--model", "RUN", "--data", "IMAGES", "--inception", "no.pth"], "there is no file 'no.pth'"),
        (["draw", "--model", "nowhere", "-o", "a.gif"], "must end with .png or .npy"),
    ],
)
def test_bad_input_is_one_sentence_and_status_two(words, problem, run, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minent.gan.scores.fid.require", lambda *_: None)
    np.save("colour.npy", np.zeros((12, 3, 8, 8), np.uint8))
    places = {"IMAGES": str(run / "images.npy"), "RUN": str(run / "run"), "COLOUR": "colour.npy"}
    with pytest.raises(SystemExit) as exit:
        main(["gan", *(places.get(word, word) for word in words)])
    told = capsys.readouterr().err
    assert exit.value.code == 2 and problem in told and told.count("\n") == 1
