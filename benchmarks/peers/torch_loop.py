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


def dense(units_in, units_out):
    layer = torch.nn.Linear(units_in, units_out)
    torch.nn.init.xavier_uniform_(layer.weight)  # Keras's initial weights, so that the losses compare
    torch.nn.init.zeros_(layer.bias)
    return layer


def after(units):
    """What a hidden layer's product goes through, with Keras's settings."""
    normalization = [torch.nn.BatchNorm1d(units, eps=1e-3, momentum=0.01)] if job["batch_norm"] else []
    activation = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[job["activation"]]()
    return [*normalization, activation, *([torch.nn.Dropout(job["dropout"])] if job["dropout"] else [])]


def rule(parameters):
    """The update rule; where it has no fused form, that setting chooses the form over all arrays at once."""
    rate, fused = job["learning_rate"], job["settings"]["fused"]
    if job["optimizer"] == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, alpha=0.9, eps=1e-7, foreach=fused)
    if job["optimizer"] == "adam":
        return torch.optim.Adam(parameters, rate, eps=1e-7, fused=fused)
    return torch.optim.SGD(parameters, rate, momentum=job["momentum"], fused=fused)


*pairs, last = pairwise(job["sizes"])
hidden = [layer for units_in, units_out in pairs for layer in (dense(units_in, units_out), *after(units_out))]
model = torch.nn.Sequential(*hidden, dense(*last))
optimizer = rule(model.parameters())


def epoch() -> float:
    total = torch.zeros(())
    model.train()
    for rows in torch.randperm(len(x)).split(job["batch_size"]):
        optimizer.zero_grad()
        loss = loss_of(model(x.index_select(0, rows)), y.index_select(0, rows))
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(rows)
    return float(total) / len(x)


@torch.no_grad()
def validate() -> float:
    model.eval()
    return float(loss_of(model(x_val), y_val))  # all rows at once: faster than batches


def train(epochs: int, each: bool) -> Turn:
    losses, val_losses, stamps = [], [], [time.perf_counter()]
    for _ in range(epochs):
        losses.append(epoch())
        if len(x_val):
            val_losses.append(validate())
        stamps.append(time.perf_counter())
    seconds = [end - begin for begin, end in pairwise(stamps)]
    return {"losses": losses, "val_losses": val_losses, "each": seconds}


serve(train, "torch", "numpy")
