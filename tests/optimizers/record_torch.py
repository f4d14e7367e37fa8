"""Records where PyTorch's optimizers go, for test_torch.py; PyTorch itself is no test dependency.

The file beside it, ``torch_vectors.json``, was made with PyTorch 2.13.0 and names that version. To make it anew, in an
environment of its own: ``pip install torch==2.13.0 numpy``, then ``python tests/optimizers/record_torch.py``.
"""

import json
from pathlib import Path

import torch

STEPS = 20
START = [0.3, -0.2, 2.0, -1.5]

CASES = {
    "sgd": (torch.optim.SGD, {"lr": 0.05}),
    "momentum": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "adam": (torch.optim.Adam, {"lr": 0.05, "eps": 1e-3}),
    "amsgrad": (torch.optim.Adam, {"lr": 0.05, "betas": (0.9, 0.9), "eps": 1e-3, "amsgrad": True}),
    "adamw": (torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.1, "eps": 1e-3}),
    "amsgradw": (torch.optim.AdamW, {"lr": 0.05, "betas": (0.9, 0.9), "weight_decay": 0.1, "amsgrad": True}),
    # Its momentum schedule is 250 times slower than Keras's and Ravine's, unless told otherwise.
    "nadam": (torch.optim.NAdam, {"lr": 0.05, "eps": 1e-3, "momentum_decay": 1.0}),
    "adadelta": (torch.optim.Adadelta, {"lr": 1.0, "rho": 0.9, "eps": 1e-3}),
    "adafactor": (torch.optim.Adafactor, {"lr": 0.5}),
    "adafactor of a matrix": (torch.optim.Adafactor, {"lr": 0.5}),
    # PyTorch adds ε elsewhere in these, so they are compared without one.
    "adagrad": (torch.optim.Adagrad, {"lr": 0.05, "eps": 0.0}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.05, "alpha": 0.9, "eps": 0.0}),
    "rmsprop centered": (
        torch.optim.RMSprop,
        {"lr": 0.01, "alpha": 0.9, "eps": 0.0, "centered": True, "momentum": 0.5},
    ),
    "adamax": (torch.optim.Adamax, {"lr": 0.05, "eps": 0.0}),
}


def main() -> None:
    """Walk every case with the same gradients, and write start, gradients and ends."""
    torch.manual_seed(0)
    gradients = torch.randn(STEPS, len(START), dtype=torch.float64) + 0.3
    ends = {}
    for name, (optimizer, arguments) in CASES.items():
        shape = (2, 2) if name.endswith("matrix") else (4,)
        w = torch.tensor(START, dtype=torch.float64).reshape(shape).requires_grad_()
        rule = optimizer([w], **arguments)
        for g in gradients:
            w.grad = g.reshape(shape).clone()
            rule.step()
        ends[name] = w.tolist()
    record = {"torch": torch.__version__, "start": START, "gradients": gradients.tolist(), "ends": ends}
    path = Path(__file__).with_name("torch_vectors.json")
    path.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
