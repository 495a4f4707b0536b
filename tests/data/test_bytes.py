"""What is packed has a limit, what has no end is refused."""

import bz2
import gzip
import io
import lzma
from pathlib import Path

import pytest

from minent.data.bytes import opened
from minent.errors import BadInput


def zstd(data):
    import pyarrow as pa

    held = pa.BufferOutputStream()
    with pa.output_stream(held, compression="zstd") as file:
        file.write(data)
    return held.getvalue().to_pybytes()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd])
def test_what_unpacks_to_too_much_is_refused_and_to_as_much_as_may_be_is_read(pack, monkeypatch):
    monkeypatch.setattr("minent.data.bytes.MOST", 1000)
    packed = pack(b"1 2\n" * 2500)  # to 10,000 bytes
    monkeypatch.setattr("minent.data.bytes.TIMES", 20_000 // len(packed))
    assert len(opened(io.BytesIO(packed)).data) == 10_000
    with pytest.raises(BadInput, match="is not a whole"):
        opened(io.BytesIO(packed[:-6]))
    monkeypatch.setattr("minent.data.bytes.TIMES", 1)
    with pytest.raises(BadInput, match="'standard input' unpacks to more than 1 times its size"):
        opened(io.BytesIO(packed))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="devices of POSIX")
def test_a_device_without_end_is_refused():
    with pytest.raises(BadInput, match="'/dev/zero' is a device, which has no end"):
        opened("/dev/zero")
    assert opened("/dev/null").data == b""
