import importlib.metadata

import jax

from ravine.comparison.versions import versions


def test_a_result_tells_what_it_was_made_with():
    found = versions()
    assert found["jax"] == jax.__version__
    assert found["ravine"] == importlib.metadata.version("ravine")
    assert jax.local_devices()[0].device_kind in found["device"]
