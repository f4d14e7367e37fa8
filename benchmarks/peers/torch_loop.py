"""PyTorch eager: tensors in memory and a loop of one's own, which is faster than DataLoader.

It sums up the loss alone and leaves the accuracy out, the least that a training loop reports.
"""

import time
from itertools import pairwise

import torch
from protocol import Turn, job, load, serve

torch.manual_seed(job["seed"])
torch.set_num_threads(job["settings"]["threads"])
x, y, x_val, y_val = (torch.from_numpy(array) for array in load())
classify = job["loss"] == "crossentropy"
if classify:
    y, y_val, loss_of = y.long(), y_val.long(), torch.nn.CrossEntropyLoss()
else:
    loss_of = torch.nn.MSELoss()

layers = []
for units_in, units_out in pairwise(job["sizes"]):
    dense = torch.nn.Linear(units_in, units_out)
    torch.nn.init.xavier_uniform_(dense.weight)  # Keras's initial weights, so that the losses compare
    torch.nn.init.zeros_(dense.bias)
    layers += [dense, {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[job["activation"]]()]
model = torch.nn.Sequential(*layers[:-1])
optimizer = torch.optim.SGD(
    model.parameters(), job["learning_rate"], momentum=job["momentum"], fused=job["settings"]["fused"]
)


def epoch() -> float:
    total = torch.zeros(())
    for rows in torch.randperm(len(x)).split(job["batch_size"]):
        optimizer.zero_grad()
        loss = loss_of(model(x.index_select(0, rows)), y.index_select(0, rows))
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(rows)
    return float(total) / len(x)


@torch.no_grad()
def validate() -> float:
    return float(loss_of(model(x_val), y_val))  # all rows at once: faster than batches


def train(epochs: int, each: bool) -> Turn:
    losses, val_losses, stamps = [], [], [time.perf_counter()]
    for _ in range(epochs):
        losses.append(epoch())
        if len(x_val):
            val_losses.append(validate())
        stamps.append(time.perf_counter())
    seconds = [after - before for before, after in pairwise(stamps)]
    return {"losses": losses, "val_losses": val_losses, "each": seconds}


serve(train, "torch", "numpy")
