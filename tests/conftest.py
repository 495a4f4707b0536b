"""jaxtyping's shapes are checked by beartype in every test; shared data is found by MINENT_DATA."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

with suppress(ImportError):
    import faiss  # noqa: F401  before infomap: both are made by SWIG, and the later one's iterators serve both

install_import_hook("minent", "beartype.beartype")
settings.register_profile("minent", deadline=None)  # the first example may compile a kernel
settings.load_profile("minent")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of shared data: MINENT_DATA, or `shared/data` beside the checkout."""
    folder = Path(os.environ.get("MINENT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set MINENT_DATA")
    return folder
