"""What Keras has and Ravine has not (yet), and what to use instead: one list, from which modules and objects answer.

A holder is a module (``"layers"``) or a kind of object (``"Sequential"``). A row is names, and what to do instead.
"""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Callable, Iterable

from ravine import checks

FILES = "use model.save(path) and ravine.load_model(path)"
FLOAT32 = "everything is float32 here"
IN_SEQUENCE = "models are Sequential, one layer after another; use a Lambda for what happens within one"
NUMPY_FIRST = "do it with NumPy before fit"
AUGMENT = "change the images in a generator that fit reads from"

COMPILED = "every run is one compiled function; use callbacks, a loss or a layer of your own"
FROM_AND_TO_CONFIG = (
    "get_config from_config to_json get_build_config build_from_config get_compile_config compile_from_config "
    "save_own_variables load_own_variables variable_serialization_spec"
)
TYPES = (
    "dtype dtype_policy compute_dtype variable_dtype input_dtype autocast quantize quantization_mode "
    "quantization_config quantized_build quantized_call get_quantization_layer_structure loss_scale_factor scale_loss"
)

Rows = tuple[tuple[str, str], ...]

OF_LAYERS: Rows = (
    (FROM_AND_TO_CONFIG, FILES),
    (TYPES, FLOAT32),
    (
        "add_loss losses",
        "use activity_regularizer=..., or a loss of your own; what they add is in the loss that fit shows",
    ),
    ("add_metric metrics metrics_variables", "use compile(metrics=[...])"),
    ("add_weight add_variable", "use a layer of your own with init and apply, see ravine.layers.Layer"),
    ("call symbolic_call stateless_call rematerialized_call", "use model(x) or model.predict(x)"),
    ("input inputs output outputs", "use model.activations(x, layer), input_shape and output_shape"),
    ("input_spec", "use ravine.Input"),
    ("path", "use its name"),
    ("compute_mask supports_masking", "nothing is masked; use sample_weight=..."),
    ("compute_output_spec call_signature_parameters supports_jit", "use output_shape"),
)

LACKING: dict[str, Rows] = {
    "ravine": (
        ("Model Function KerasTensor Operation", "use ravine.Sequential; there is no functional API"),
        ("Layer", "use ravine.layers.Layer"),
        ("Loss", "use ravine.losses.Loss"),
        ("Metric", "use ravine.metrics.Metric"),
        ("Optimizer", "use ravine.optimizers.Optimizer"),
        ("Initializer", "use ravine.initializers.Initializer"),
        ("Regularizer", "use ravine.regularizers.Regularizer"),
        ("Variable StatelessScope SymbolicScope name_scope remat RematScope", "use jax.numpy within a Lambda"),
        ("InputSpec", "use ravine.Input"),
        ("DTypePolicy FloatDTypePolicy dtype_policies mixed_precision quantizers Quantizer", FLOAT32),
        ("config", "nothing needs to be set; the cache is moved by RAVINE_CACHE"),
        ("random", "use jax.random, or NumPy for data"),
        ("applications", "there are no models that others trained; load one of Keras's with ravine.load_model"),
        ("preprocessing", NUMPY_FIRST),
        ("device distribution", "use jax.default_device"),
        ("export", FILES),
        ("tree", "use jax.tree"),
        ("version", "use ravine.__version__"),
        ("visualization", "use ravine.plots"),
        ("wrappers distillation legacy src", ""),
    ),
    "layers": (
        (
            "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose Convolution1D Convolution2D "
            "Convolution3D Convolution1DTranspose Convolution2DTranspose Convolution3DTranspose DepthwiseConv1D "
            "DepthwiseConv2D SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D",
            "use Flatten and Dense",
        ),
        (
            "AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D MaxPooling1D "
            "MaxPooling2D MaxPooling3D MaxPool1D MaxPool2D MaxPool3D AdaptiveAveragePooling1D AdaptiveAveragePooling2D "
            "AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D UpSampling1D "
            "UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D",
            "use a Lambda of jax.numpy or jax.lax.reduce_window",
        ),
        (
            "GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool2D GlobalAvgPool3D",
            "use Reshape and GlobalAveragePooling1D",
        ),
        ("GlobalMaxPooling2D GlobalMaxPooling3D GlobalMaxPool2D GlobalMaxPool3D", "use Reshape and GlobalMaxPooling1D"),
        ("GlobalAvgPool1D", "use GlobalAveragePooling1D"),
        ("GlobalMaxPool1D", "use GlobalMaxPooling1D"),
        (
            "RNN SimpleRNN SimpleRNNCell LSTM LSTMCell GRU GRUCell StackedRNNCells Bidirectional ConvLSTM1D ConvLSTM2D "
            "ConvLSTM3D",
            "use Embedding and GlobalAveragePooling1D, or Flatten and Dense",
        ),
        ("TimeDistributed", "use the layer itself: Dense acts on the last axis of each step"),
        ("Attention AdditiveAttention MultiHeadAttention GroupQueryAttention", "use GlobalAveragePooling1D"),
        (
            "Add Subtract Multiply Average Maximum Minimum Concatenate Dot add subtract multiply average maximum "
            "minimum concatenate dot Pipeline",
            IN_SEQUENCE,
        ),
        ("Masking", "use sample_weight=..., which may be [rows, steps]"),
        ("InputLayer InputSpec", "use Input"),
        ("EinsumDense", "use Dense, or a Lambda of jax.numpy.einsum for what has no weights"),
        ("ReversibleEmbedding", "use Embedding"),
        ("SpatialDropout1D", "use Dropout(rate, noise_shape=(None, 1, None))"),
        ("SpatialDropout2D", "use Dropout(rate, noise_shape=(None, 1, 1, None))"),
        ("SpatialDropout3D", "use Dropout(rate, noise_shape=(None, 1, 1, 1, None))"),
        ("SpectralNormalization Wrapper", "use kernel_constraint=... of the layer"),
        ("TextVectorization StringLookup IntegerLookup", "use np.unique(words, return_inverse=True) before fit"),
        ("Discretization", "use np.digitize before fit"),
        ("Hashing HashedCrossing", NUMPY_FIRST),
        ("MelSpectrogram STFTSpectrogram", "use a Lambda of jax.numpy.fft"),
        ("JaxLayer FlaxLayer TFSMLayer TorchModuleWrapper", "use a Lambda for a function of JAX"),
        ("Resizing CenterCrop", "use a Lambda of jax.image.resize, or do it with NumPy before fit"),
        (
            "AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MaxNumBoundingBoxes "
            "MixUp RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop "
            "RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert "
            "RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear "
            "RandomTranslation RandomZoom Solarization",
            AUGMENT,
        ),
        ("deserialize serialize", FILES),
    ),
    "activations": (("deserialize serialize", FILES),),
    "constraints": (("deserialize serialize", FILES),),
    "initializers": (("deserialize serialize", FILES),),
    "losses": (("deserialize serialize", FILES),),
    "metrics": (("deserialize serialize", FILES), ("Sum", "use metrics.Mean times the number of samples")),
    "regularizers": (("deserialize serialize", FILES),),
    "optimizers": (
        ("Ftrl", "use Adagrad"),
        ("LossScaleOptimizer", FLOAT32),
        ("MultiOptimizer OptimizerMap", "use one optimizer, or optax.multi_transform"),
        ("legacy", "use ravine.optimizers"),
        ("deserialize serialize", FILES),
    ),
    "optimizers.schedules": (
        ("LearningRateSchedule", "use a function of the step, of jax.numpy"),
        ("deserialize serialize", FILES),
    ),
    "callbacks": (
        ("History", "use what fit returns, which is model.history too"),
        ("CallbackList", "use a list of callbacks"),
        ("OrbaxCheckpoint", "use ModelCheckpoint, or fit(checkpoint=folder)"),
        ("ProgbarLogger", "use fit(verbose=...)"),
        ("RemoteMonitor", "use LambdaCallback"),
        ("SwapEMAWeights", "use use_ema=True of the optimizer: validation sees the averages"),
        ("TensorBoard", "use CSVLogger and ravine.plots"),
    ),
    "datasets": (
        ("boston_housing", "use california_housing"),
        ("cifar10 cifar100 imdb reuters", "use mnist, fashion_mnist, kmnist or california_housing"),
    ),
    "utils": (
        ("Sequence", "use PyDataset"),
        ("Config FeatureSpace bounding_boxes legacy", NUMPY_FIRST),
        (
            "CustomObjectScope custom_object_scope get_custom_objects get_registered_name get_registered_object "
            "register_keras_serializable deserialize_keras_object serialize_keras_object",
            "use ravine.load_model(path, custom_objects={name: object})",
        ),
        (
            "Progbar enable_interactive_logging disable_interactive_logging is_interactive_logging_enabled",
            "use verbose=",
        ),
        ("array_to_img img_to_array load_img save_img", "use PIL.Image and np.asarray"),
        (
            "audio_dataset_from_directory image_dataset_from_directory text_dataset_from_directory get_file",
            "read the files into arrays, or in a generator that fit reads from",
        ),
        ("clear_session", "use ravine.backend.clear_session"),
        ("get_source_inputs is_keras_tensor standardize_dtype", "models are Sequential, and arrays are NumPy's"),
        ("model_to_dot plot_model", "use model.summary()"),
        ("pack_x_y_sample_weight unpack_x_y_sample_weight", "use the tuple (x, y, sample_weight)"),
        ("pad_sequences", "use np.pad on each sequence"),
        ("split_dataset", "use ravine.comparison.hold_out, or fit(validation_split=..., validation_shuffle=True)"),
        ("timeseries_dataset_from_array", "use np.lib.stride_tricks.sliding_window_view"),
    ),
    "models": (
        ("Model", "use Sequential; there is no functional API"),
        ("clone_model", "use model.untrained()"),
        ("model_from_json", FILES),
    ),
    "saving": (
        (
            "CustomObjectScope custom_object_scope get_custom_objects get_registered_name get_registered_object "
            "register_keras_serializable deserialize_keras_object serialize_keras_object",
            "use ravine.load_model(path, custom_objects={name: object})",
        ),
        ("KerasFileEditor", FILES),
    ),
    "Sequential": (
        *OF_LAYERS,
        ("loss", "keep the loss that compile was given"),
        ("activity_regularizer", "use that of its layers"),
        ("compute_output_shape", "use output_shape"),
        (
            "train_step test_step predict_step train_function test_function predict_function make_train_function "
            "make_test_function make_predict_function compute_loss compute_metrics compute_loss_and_updates "
            "stateless_compute_loss jit_compile run_eagerly steps_per_execution",
            COMPILED,
        ),
        ("export", FILES),
        ("get_metrics_result reset_metrics", "use evaluate(..., return_dict=True), which begins anew"),
        ("get_state_tree set_state_tree jax_state_sync", "use get_weights() and set_weights(...)"),
    ),
    "Layer": (
        *OF_LAYERS,
        ("build built", "use ravine.Input: shapes are known as soon as the input's is"),
        ("compute_output_shape", "use output_shape(input_shape), without the batch"),
        ("enable_lora lora_alpha lora_enabled lora_rank", ""),
    ),
    "Optimizer": (
        (FROM_AND_TO_CONFIG, FILES),
        (TYPES, FLOAT32),
        (
            "apply apply_gradients stateless_apply update_step assign assign_add assign_sub finalize_variable_values "
            "add_variable add_variable_from_reference add_optimizer_variables build built",
            "use init(params) and update(gradients, state, params), as optax does",
        ),
        ("variables set_weights momentums", "use save_weights and load_weights of the model, which keep them"),
        ("iterations", "use the number of steps that callbacks count"),
        ("lr", "use learning_rate"),
        ("name", "use type(optimizer).__name__"),
    ),
    "Loss": (
        (FROM_AND_TO_CONFIG, FILES),
        (TYPES, FLOAT32),
        ("call fn", "use values(y, outputs), which gives each sample's"),
    ),
    "Metric": (
        (FROM_AND_TO_CONFIG, FILES),
        (TYPES, FLOAT32),
        (
            "update_state reset_state stateless_update_state stateless_reset_state stateless_result add_weight "
            "add_variable variables",
            "use init(), update(state, y, outputs, weights) and result(state)",
        ),
        (
            "true_positives false_positives true_negatives false_negatives interpolate_pr_auc",
            "use the metrics of that name",
        ),
    ),
    "ops": (
        *((f"reduce_{name}", f"use ops.{name}") for name in ("all", "any", "max", "mean", "min", "prod", "sum")),
        ("*", "use jax.numpy, jax.nn or jax.lax"),
    ),
}


@functools.cache
def hints(holder: str) -> dict[str, str]:
    """What to use instead of each name that ``holder`` lacks."""
    return {name: hint for names, hint in LACKING.get(holder, ()) for name in names.split()}


def sentence(holder: str, name: str, claim: str, there: Iterable[str]) -> str:
    """What to say of a name that ``holder`` lacks.

    Args:
        holder: a key of :data:`LACKING`.
        name: what was asked for.
        claim: that it is not there, such as ``"Ravine has no layers.Conv2D"``.
        there: the names that there are, of which a very similar one may be meant.
    """
    known = hints(holder)
    listed = name in known or "*" in known
    close = "" if listed else checks.nearest(name, [n for n in there if not n.startswith("_")], 0.75)
    hint = "" if close else known.get(name, known.get("*", ""))
    return f"{claim}{' (yet)' if name in known else ''}{f'; {hint}' if hint else ''}.{close}"


def missing(kind: str, name: str, holder: str, there: Iterable[str]) -> checks.RavineAttributeError:
    """The error for an attribute that an object of the class ``kind`` lacks."""
    return checks.RavineAttributeError(sentence(holder, name, f"{kind} has no attribute {name!r}", there))


def of_module(module: str, there: Iterable[str], depth: int = 1) -> Callable[[str], object]:
    """The ``__getattr__`` of a module, which says of a name that it lacks what to use instead.

    ``depth`` is how many calls away the module's user is.
    """
    holder = module.removeprefix("ravine.")

    def lacking(name: str) -> object:
        called = name if holder == "ravine" else f"{holder}.{name}"
        message = sentence(holder, name, f"Ravine has no {called}", there)
        # `from ravine.layers import Conv2D` would put another message in an AttributeError's place.
        if not name.startswith("__") and _is_imported(sys._getframe(depth)):
            raise ImportError(message, name=module)
        raise checks.RavineAttributeError(message)

    return lacking


def _is_imported(frame: object) -> bool:
    """Whether a frame is just taking a name out of a module by ``from ... import``."""
    code, at = getattr(frame, "f_code", None), getattr(frame, "f_lasti", -1)
    return code is not None and at >= 0 and dis.opname[code.co_code[at]] == "IMPORT_FROM"
