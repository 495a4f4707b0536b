"""Runs the notebooks of examples/notebooks and writes them with what came out: make notebooks, or

    python packaging/site/notebooks.py [NAME.ipynb ...]

What is of no interest to a reader (execution times, versions, numbers of cells) is left out: a notebook changes
where its results do.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"


def run(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    book.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for number, cell in enumerate(book.cells):
        cell.id, cell.metadata = f"cell-{number}", {}
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [told(one) for one in cell.outputs if one.get("name") != "stderr"]
    nbformat.validate(book)
    nbformat.write(book, path)
    print(f"{path.name}: {path.stat().st_size // 1024} KB")


def told(output):
    """An output without its number; of a picture the picture alone."""
    if "execution_count" in output:
        output.execution_count = None
    if "image/png" in output.get("data", {}):
        output.data, output.metadata = {"image/png": output.data["image/png"]}, {}
    return output


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:] or sorted(FOLDER.glob("*.ipynb"))):
        run(path)
