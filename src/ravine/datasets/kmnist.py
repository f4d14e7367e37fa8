"""Kuzushiji-MNIST: 70,000 handwritten characters of classical Japanese, in MNIST's form; downloaded once (21 MB).

"KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by NIJL and others),
doi:10.20676/00000341; licence CC BY-SA 4.0. Tarin Clanuwat et al., "Deep Learning for Classical Japanese Literature",
arXiv:1812.01718; https://github.com/rois-codh/kmnist.
"""

from __future__ import annotations

from ravine.datasets import mnist_form
from ravine.datasets.download import Published

MIRRORS = ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",)

FILES = {
    "train-images-idx3-ubyte.gz": Published(
        18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"
    ),
    "train-labels-idx1-ubyte.gz": Published(29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
    "t10k-images-idx3-ubyte.gz": Published(
        3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"
    ),
    "t10k-labels-idx1-ubyte.gz": Published(5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
}


def load_data() -> mnist_form.Split:
    """``(x_train, y_train), (x_test, y_test)``.

    Images are uint8 in 0..255 of shape (60000, 28, 28) and (10000, 28, 28), 0 being the background; labels are uint8
    of shape (60000,) and (10000,), as many of each class: 0 o, 1 ki, 2 su, 3 tsu, 4 na, 5 ha, 6 ma, 7 ya, 8 re, 9 wo.
    Every call returns new arrays, yours to change.

    Raises:
        DownloadError: the files are not kept yet and could not be downloaded.
    """
    return mnist_form.load("kmnist", MIRRORS, FILES)
