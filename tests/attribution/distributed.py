"""By torchrun: python distributed.py FOLDER records a distributed run, with dropout, in micro-batches, and
each process writes what its explanation lacks."""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import explain, record


def main(folder):
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    torch.manual_seed(0)
    x = torch.randn(60, 5, dtype=torch.float64)
    y = (x[:, 0] > 0).long()
    model = nn.Sequential(nn.Linear(5, 12), nn.Tanh(), nn.Dropout(0.2), nn.Linear(12, 2)).double()
    for view in (False, True):
        shared = nn.parallel.DistributedDataParallel(model.train(), gradient_as_bucket_view=view)
        torch.manual_seed(10 + rank)  # each drops out numbers of its own
        optimizer = torch.optim.SGD(model.parameters(), 0.2, momentum=0.9)
        with record(shared, optimizer, f"{folder}/{view}") as r:
            for number in range(6):
                ids = torch.randperm(60, generator=torch.Generator().manual_seed(number))[:20].chunk(2)[rank]
                optimizer.zero_grad()
                with shared.no_sync():
                    r.batch(ids[:5])
                    (F.cross_entropy(shared(x[ids[:5]]), y[ids[:5]]) / 2).backward()
                r.batch(ids[5:])
                (F.cross_entropy(shared(x[ids[5:]]), y[ids[5:]]) / 2).backward()
                optimizer.step()
        torch.distributed.barrier()
        parts = explain(shared, f"{folder}/{view}", x[:4], train=(x, y))
        Path(f"{folder}/{view}{rank}.txt").write_text(str(max(parts.relative_residual, parts.off)))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
