"""Clusters of cells from the neighbours that scanpy found: an AnnData goes in, a column of obs comes out.

Needs pip install "minent[knn]" for scikit-learn, which makes the neighbours here; with scanpy, adata is read and
sc.pp.neighbors(adata) makes them. The cells are drawn: five kinds, each with ten genes of its own.
"""

from types import SimpleNamespace

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.neighbors import kneighbors_graph

import minent

random = np.random.default_rng(0)
kinds = np.repeat(np.arange(5), [200, 100, 80, 60, 40])
rates = np.where(np.arange(50) // 10 == kinds[:, None], 3.0, 0.6)
counts = random.poisson(rates)
logged = np.log1p(counts / counts.sum(1, keepdims=True) * 1e4)
centred = logged - logged.mean(0)
near = kneighbors_graph(centred @ np.linalg.svd(centred, full_matrices=False)[2][:10].T, 15, include_self=False)

adata = SimpleNamespace(  # what is asked of an AnnData
    obs={}, obs_names=[f"cell{i}" for i in range(len(kinds))], obsp={"connectivities": (near + near.T) / 2}
)
for markov_time in (1.0, 2.0):
    tree = minent.community.find(adata, two_level=True, markov_time=markov_time)
    agreement = adjusted_mutual_info_score(kinds, tree.labels)
    print(f"Markov time {markov_time}: {tree.number_of_modules:3} clusters, agreement with the kinds {agreement:.2f}")

adata.obs["infomap"] = [str(label) for label in tree.labels]
print("cells in each cluster:", ", ".join(map(str, np.bincount(tree.labels))))
sure = minent.community.stability(adata, two_level=True, markov_time=2.0, trials=10)
print(sure)
