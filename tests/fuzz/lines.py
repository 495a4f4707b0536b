"""Command lines that write files, and those that write folders, and what a killed one may leave: on any system."""

from pathlib import Path

SMALL = "--dim 8 --heads 2 --layers 1 --hidden 8 --tokenizer words"
FILES = [
    "community find links.csv -o out.csv",
    "community find links.csv -o out.tree",
    "community find links.csv -o out.parquet",
    "community find links.csv --map out.html",
    "community cluster points.npy -o out.csv",
    "community compare a.tree b.tree -o out.html",
    "text write texts.txt --model seq2seq --longest 3 -o out.txt",
    "text classify labels.tsv --model classify -o out.tsv",
    "text likelihood texts.txt --model masked-lm -o out.tsv",
    "text sample --model masked-lm --length 3 --sweeps 2 -o out.parquet",
    "text exposure --model seq2seq --data pairs.tsv -o out.png",
    "gan draw --model gan -n 4 -o out.png",
    "gan draw --model gan -n 4 -o out.npy",
    "attribution explain classify --data labels.tsv --first 2 -o out.html",
    "attribution mislabels classify -o out.csv",
    "plot classify -o out.svg",
    "plot classify -o out.pdf",
]
FOLDERS = [
    f"text train --task classify --train labels.tsv --out new {SMALL} --steps 4 --save-every 1 --record 1",
    f"text train --task masked-lm --train texts.txt --out new {SMALL} --steps 4 --save-every 1",
    "gan train images.npy --out new --width 4 --batch 8 --steps 2 --evaluate-every 1", "text export seq2seq --out new",
    "text lengthen masked-lm --longest 2048 --out new",
]  # fmt: skip


def left_over(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.name.startswith(".minent") or path.name == "half"]
