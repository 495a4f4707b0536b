"""The thumbnails of the documentation's home, docs/figures/gallery/NAME.png: the last picture of each notebook, and
docs/figures/map.html, a map to click through: python packaging/site/gallery.py"""

import base64
import io
import json
from pathlib import Path

import networkx
from PIL import Image, ImageOps

from minent.community import find

ROOT = Path(__file__).parents[2]
SIZE = 400, 250


def thumbnail(notebook: Path) -> Image.Image:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    shown = [one["data"] for cell in cells for one in cell.get("outputs", []) if "image/png" in one.get("data", {})]
    picture = Image.open(io.BytesIO(base64.b64decode(shown[-1]["image/png"]))).convert("RGB")
    picture = ImageOps.pad(picture, SIZE, Image.Resampling.LANCZOS, color="white")
    return picture.quantize(32, dither=Image.Dither.NONE)


def main() -> None:
    folder = ROOT / "docs" / "figures" / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted((ROOT / "examples" / "notebooks").glob("*.ipynb")):
        thumbnail(notebook).save(folder / f"{notebook.stem}.png", optimize=True)
    find(networkx.les_miserables_graph(), seed=1).plot(title="Les Misérables").write(folder.parent / "map.html")


if __name__ == "__main__":
    main()
