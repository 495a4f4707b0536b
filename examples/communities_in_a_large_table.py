"""Which accounts, papers, stations form communities, in a table of millions of links?

The table here is written first: groups of 20 nodes, where a link stays in its group with
probability 0.7.
python communities_in_a_large_table.py 10000000: one of ten million links.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

import minent

links = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
group, random = 20, np.random.default_rng(1)
nodes = links // 10 // group * group
source = random.integers(nodes, size=links)
near = source // group * group + random.integers(group, size=links)
target = np.where(random.random(links) < 0.7, near, random.integers(nodes, size=links))
file = Path(tempfile.mkdtemp()) / "links.parquet"
parquet.write_table(pa.table({"source": source, "target": target}), file)

begun = time.process_time()
# "fast" is one pass; two_level finds flat groups, which is what was planted, and costs less than nested ones.
tree = minent.community.find(file, two_level=True, effort="fast", seed=1)
print(tree)
print(f"{links / (time.process_time() - begun):,.0f} links a CPU second, reading included; the first run also compiles")

tree.write(file.with_name("modules.parquet"))  # a row for each node; .tree, .csv, .json and others by their suffix
table = tree.to_frame()  # the same in memory
print(table.head(3).to_string(index=False))

found = table.groupby(table["name"].astype(int) // group)["module"].nunique()
print(f"{(found == 1).mean():.1%} of the planted groups lie in one module, of {tree.number_of_modules:,} found")
