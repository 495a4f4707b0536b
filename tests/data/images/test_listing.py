"""Which files are pictures, and of which class: what a folder or a ZIP holds is told, never guessed."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.data.images.read import read_images
from minent.errors import BadInput

Image = pytest.importorskip("PIL.Image")
GREY = 40, 80, 120, 160, 200, 240


def fill(root: Path, *names: str) -> Path:
    """A picture of a grey of its own under each name that ends in .png; anything else under other names."""
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            (root / name).mkdir()
        elif name.endswith(".png"):
            Image.fromarray(np.full((8, 8), GREY[i % 6], np.uint8)).save(root / name)
        else:
            (root / name).write_text("no picture")
    return root


def packed(root: Path, file: Path) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, path.relative_to(root))
    return file


def test_classes_and_files_stand_in_natural_order(tmp_path):
    images = read_images(fill(tmp_path, "class 10/1.png", "class 2/10.png", "class 2/9.png", "Class 1/a.png"))
    assert images.classes == ("Class 1", "class 2", "class 10") and images.labels.tolist() == [0, 1, 1, 2]
    assert images.values[:, 0, 0, 0].tolist() == [GREY[3], GREY[2], GREY[1], GREY[0]]
    assert images.plan == "4 images of 3 classes: Class 1, class 2, class 10"


def test_what_is_hidden_or_no_picture_is_passed_over_and_told(tmp_path):
    fill(tmp_path, "cat/1.png", "dog/1.png", ".ipynb_checkpoints/1.png", "__MACOSX/cat/._1.png", "cat/._1.png")
    fill(tmp_path, "bird/", "labels.csv", "cat/.DS_Store", "dog/.thumbs/1.png", "@eaDir/1.png")
    images = read_images(tmp_path)
    assert images.plan == (
        "2 images of 2 classes: cat, dog; passed over: 6 hidden, 1 other file (labels.csv), "
        "1 folder without pictures (bird)"
    )
    assert read_images(packed(tmp_path, tmp_path.parent / "a.zip")).plan == images.plan


def test_linked_folders_are_followed_and_loops_end(tmp_path):
    fill(tmp_path / "pool", "1.png", "2.png")
    fill(tmp_path / "photos", "dog/1.png")
    (tmp_path / "photos" / "cat").symlink_to(tmp_path / "pool")
    (tmp_path / "photos" / "dog" / "up").symlink_to(tmp_path / "photos")
    (tmp_path / "photos" / "self").symlink_to(tmp_path / "photos" / "self")
    os.mkfifo(tmp_path / "photos" / "dog" / "pipe.png")
    images = read_images(tmp_path / "photos")
    assert images.classes == ("cat", "dog") and images.labels.tolist() == [0, 0, 1]
    assert "1 link to a folder above (dog/up), 1 other file (self)" in images.plan
    (tmp_path / "photos" / "dog" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(BadInput, match=r"gone\.png' is no picture that can be read: No such file"):
        read_images(tmp_path / "photos")


@pytest.mark.parametrize("names", [("train", "test"), ("training", "val", "testing"), ("Train", "valid")])
def test_splits_are_chosen_and_never_classes(names, tmp_path):
    fill(tmp_path, *(f"{name}/{kind}/{i}.png" for i, name in enumerate(names) for kind in ("cat", "dog")))
    images = read_images(tmp_path)
    assert images.classes == ("cat", "dog") and len(images) == 2
    assert f"; split {names[0]}; passed over: split {', '.join(sorted(names[1:]))}" in images.plan
    other = read_images(tmp_path, split=names[1])
    assert len(other) == 2 and not np.array_equal(images.values, other.values)
    with pytest.raises(BadInput, match="split must be one of train, validation, test; got 'dev set'"):
        read_images(tmp_path, split="dev set")


def test_splits_without_classes_and_a_wanted_one_that_is_not_there(tmp_path):
    fill(tmp_path / "a", "train/1.png", "test/2.png")
    assert read_images(tmp_path / "a").labels is None and len(read_images(tmp_path / "a")) == 1
    fill(tmp_path / "b", "test/1.png", "valid/1.png")
    with pytest.raises(BadInput, match="is divided into test, valid; split must name one of these, and got none"):
        read_images(tmp_path / "b")
    fill(tmp_path / "c", "cat/1.png", "dog/2.png")
    with pytest.raises(BadInput, match=r"split 'test' is wanted, and .* is not divided into splits"):
        read_images(tmp_path / "c", split="test")


def test_a_class_may_be_called_train_but_splits_do_not_lie_among_classes(tmp_path):
    fill(tmp_path / "a", "plane/1.png", "train/1.png", "car/photo of a test.png")  # vehicles
    assert read_images(tmp_path / "a").classes == ("car", "plane", "train")
    fill(tmp_path / "b", "train/1.png", "test/1.png", "extra/1.png")
    fill(tmp_path / "c", "cat/train/1.png", "cat/test/1.png", "dog/train/1.png")
    for name, place in (("b", "b"), ("c", "c/cat")):
        with pytest.raises(BadInput, match=rf"splits \(test, train\) lie beside or within classes in '.*/{place}'"):
            read_images(tmp_path / name)


def test_pictures_beside_folders_of_classes_are_refused_by_name(tmp_path):
    fill(tmp_path, "cat/1.png", "dog/1.png", "preview.png", "montage.png")
    with pytest.raises(BadInput, match=r"beside folders of pictures \(cat, dog\) in '.*': montage.png, preview.png;"):
        read_images(tmp_path)


def test_one_folder_alone_is_no_class(tmp_path):
    fill(tmp_path, "photos/all/1.png", "photos/all/2.png", "photos/readme.txt")
    assert read_images(tmp_path).plan == "2 images; in photos/all/; passed over: 1 other file (photos/readme.txt)"


def test_classes_of_stylegan_are_those_of_its_file_not_its_folders(tmp_path):
    fill(tmp_path, "00000/img00000000.png", "00000/img00000001.png", "00001/img00001000.png")
    given = [["00000/img00000000.png", 6], ["00001/img00001000.png", 6], ["00000/img00000001.png", 10]]
    for labels, classes in ((given, ("6", "10")), (None, ())):
        (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
        images = read_images(tmp_path)
        assert images.classes == classes and (images.labels is None) == (labels is None)
    for torn in ({"labels": given[:2]}, {"labels": [3]}, [], {}):
        (tmp_path / "dataset.json").write_text(json.dumps(torn))
        with pytest.raises(BadInput, match=r"(dataset\.json|the file of classes) in .* must"):
            read_images(tmp_path)


def test_the_first_broken_picture_is_named_or_so_many_are_passed_over(tmp_path):
    fill(tmp_path, "cat/1.png", "dog/2.png")
    for name in ("cat/10.jpg", "cat/2.png", "cat/3.webp", "dog/1.png"):
        (tmp_path / name).write_bytes(b"\x89PNG broken")
    with pytest.raises(BadInput, match=r"^'.*/cat/2\.png' is no picture that can be read: it is of no format"):
        read_images(tmp_path)
    with pytest.raises(BadInput, match=r"dog/1\.png' is .*; 3 such may be passed over, and .*2.png, .* have been$"):
        read_images(tmp_path, skip_bad=3)
    images = read_images(tmp_path, skip_bad=4)
    assert images.labels.tolist() == [0, 1] and images.values[:, 0, 0, 0].tolist() == [GREY[0], GREY[1]]
    told = "2 images of 2 classes: cat, dog; passed over: 4 broken (cat/2.png, cat/3.webp, cat/10.jpg, …)"
    assert images.plan == told
    with pytest.raises(BadInput, match="skip_bad must be at least 0; got -1"):
        read_images(tmp_path, skip_bad=-1)


def test_a_zip_is_read_in_place_whatever_its_names_and_sizes(tmp_path, monkeypatch):
    data = (fill(tmp_path, "dog.png") / "dog.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("../../evil.png", "photos\\dog\\2.png", "photos/XX/1.png", "photos/YY/1.png"):
            archive.writestr(name, data)
    raw = (tmp_path / "a.zip").read_bytes()
    for ascii_name, name in ((b"photos/XX", "photos/猫"), (b"photos/YY", "photos/狗")):
        assert raw.count(ascii_name) == 2
        raw = raw.replace(ascii_name, name.encode("gb18030"))  # as Windows writes it: nothing says how it is encoded
    (tmp_path / "a.zip").write_bytes(raw)
    images = read_images(tmp_path / "a.zip")
    assert images.classes == ("dog", "狗", "猫") and images.plan.endswith("in photos/; passed over: 1 hidden")
    assert not (tmp_path.parent / "evil.png").exists()
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(2_000_000))
    monkeypatch.setattr("minent.data.images.entries.LARGEST", 1_000_000)
    with pytest.raises(BadInput, match=r"a\.png' is no picture that can be read: it would unpack to 2,000,000 bytes"):
        read_images(tmp_path / "bomb.zip")
    (tmp_path / "torn.zip").write_bytes((tmp_path / "bomb.zip").read_bytes()[:-9])
    with pytest.raises(BadInput):
        read_images(tmp_path / "torn.zip")


NAMES = st.sampled_from(
    ["cat", "dog 2", "dog 10", "train", "test", ".git", "__MACOSX", "1.png", "2.png", "10.png", "a.txt"]
)


@given(paths=st.sets(st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_a_folder_and_its_zip_are_read_alike(paths, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree") / "root"
    folder.mkdir()
    for i, path in enumerate(sorted(paths)):
        if not any((folder / path).joinpath(*[".."] * k).is_file() for k in range(len(path.split("/")))):
            try:
                fill(folder, path if path.endswith((".png", ".txt")) else f"{path}/{i}.png")
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                continue
    told = []
    for place in (folder, packed(folder, folder.parent / "root.zip")):
        try:
            images = read_images(place)
            told.append((images.plan, images.classes, images.values.tobytes()))
            assert len(images) <= len(paths) and len(images.classes) != 1
        except BadInput as error:
            told.append(str(error).replace(f"{place}", "root"))
    assert told[0] == told[1]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name, content", [
    ("metadata.csv", "file_name,label\na.png,cat\nsub/b.png,dog\n./c.png,cat\n"),
    ("metadata.jsonl", "".join(json.dumps({"file_name": file, "class": label, "text": "…"}) + "\n"
                               for file, label in (("a.png", "cat"), ("sub/b.png", "dog"), ("c.png", "cat")))),
])  # fmt: skip
def test_classes_are_those_of_metadata_beside_the_pictures(name, content, packed, tmp_path):
    folder = fill(tmp_path / "set", "train/a.png", "train/sub/b.png", "train/c.png", "test/d.png")
    (folder / "train" / name).write_text(content)
    if packed:
        with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
            for file in folder.rglob("*.*"):
                archive.write(file, file.relative_to(folder))
    images = read_images(tmp_path / "set.zip" if packed else folder)
    assert (images.classes, [*(images.labels if images.labels is not None else ())]) == (("cat", "dog"), [0, 0, 1])
    assert f"classes by {'label' if name.endswith('csv') else 'class'} in {name}" in images.plan
    assert "other file" not in images.plan and "split train" in images.plan


def test_metadata_for_all_splits_and_what_it_lacks(tmp_path):
    folder = fill(tmp_path, "train/a.png", "train/b.png", "test/d.png")
    rows = "file_name,label\ntrain/a.png,1\ntrain/b.png,10\ntest/d.png,2\n"
    (folder / "metadata.csv").write_text(rows)
    assert (read_images(folder).classes, read_images(folder, split="test").classes) == (("1", "10"), ("2",))
    (folder / "metadata.csv").write_text(rows.replace("train/b.png,10\n", ""))
    with pytest.raises(BadInput, match=r"must give every picture a class; it gives 'train/b\.png' none"):
        read_images(folder)
    (folder / "metadata.csv").write_text(rows + "train/a.png,7\n")
    with pytest.raises(BadInput, match=r"gives 'train/a\.png' two"):
        read_images(folder)
    (folder / "metadata.csv").write_text("file_name,text\ntrain/a.png,words\n")
    images = read_images(folder)
    assert images.labels is None and "metadata.csv says nothing of classes" in images.plan
