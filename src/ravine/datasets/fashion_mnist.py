"""Fashion-MNIST: 70,000 images of clothes in ten classes, in MNIST's form; downloaded once (31 MB).

By Han Xiao, Kashif Rasul and Roland Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", arXiv:1708.07747; © Zalando SE, MIT licence, https://github.com/zalandoresearch/fashion-mnist.
"""

from __future__ import annotations

from ravine.datasets import mnist_form
from ravine.datasets.download import Published

MIRRORS = (
    "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)

FILES = {
    "train-images-idx3-ubyte.gz": Published(
        26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "train-labels-idx1-ubyte.gz": Published(29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    "t10k-images-idx3-ubyte.gz": Published(
        4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "t10k-labels-idx1-ubyte.gz": Published(5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
}


def load_data() -> mnist_form.Split:
    """``(x_train, y_train), (x_test, y_test)``, as in Keras.

    Images are uint8 in 0..255 of shape (60000, 28, 28) and (10000, 28, 28), 0 being the background; labels are uint8
    of shape (60000,) and (10000,), as many of each class: 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat,
    5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot. Every call returns new arrays, yours to change.

    Raises:
        DownloadError: the files are not kept yet and could not be downloaded.
    """
    return mnist_form.load("fashion_mnist", MIRRORS, FILES)
