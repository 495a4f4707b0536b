"""Which of my documents belong together? Nobody says how many groups there are.

The documents here are docstrings of installed packages; put your own texts, one string each, in
their place.
Needs pip install "minent[knn]".
"""

import sys

from sklearn.metrics import adjusted_mutual_info_score

from minent.community import cluster, telling_words
from minent.data import docstrings, text_vectors

count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
found = docstrings(["networkx", "pandas", "scipy"], per_package=count)
texts, packages = [one.body for one in found], [one.package for one in found]

vectors = text_vectors(texts)  # by the words they share; an encoder's vectors of your own will do as well
tree = cluster(vectors)
print(tree)

called = telling_words(texts, tree.labels)  # the words that tell a cluster from the others
for label, module in enumerate(tree.modules()[:8]):
    inside = [packages[i] for i in range(len(texts)) if tree.labels[i] == label]
    most = max(set(inside), key=inside.count)
    share = inside.count(most) / len(inside)
    print(f"{module.size:4} documents, {share:4.0%} from {most:9}", *called[label])

# Did the words know where the documents come from? 1: exactly, 0: no better than chance.
print(f"adjusted mutual information with the packages: {adjusted_mutual_info_score(packages, tree.labels):.2f}")
