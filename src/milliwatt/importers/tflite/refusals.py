# SPDX-License-Identifier: Apache-2.0
"""What to tell a user about operators that are refused for a known reason."""

from __future__ import annotations

from milliwatt.errors import UnsupportedError
from milliwatt.importers.tflite.records import OperatorRecord

_CUSTOM = {
    "Flex": "this is a TensorFlow operator kept by SELECT_TF_OPS: rewrite the layer with operators that "
    "TFLite has as builtins, and convert with TFLITE_BUILTINS_INT8 alone",
    "TFLite_Detection_PostProcess": "cut the model before its post-processing and write that in C, on the "
    "raw boxes and scores",
    "edgetpu-custom-op": "this file went through edgetpu_compiler: give the file from before it",
    "ethos-u": "this file went through Vela for an Ethos-U: give the file from before it",
    "DELEGATE": "this file was saved with a delegate applied: give the file from before it",
}
_CONTROL_FLOW = "milliwatt runs straight-line graphs: unroll the loop or branch when converting"
_BUILTIN = {
    "WHILE": _CONTROL_FLOW + ", for example with unroll=True of a Keras recurrent layer",
    "IF": _CONTROL_FLOW,
    "CALL": _CONTROL_FLOW,
    "DENSIFY": "the weights are stored sparse: convert without sparsity",
    "DELEGATE": _CUSTOM["DELEGATE"],
    "HASHTABLE": "tables of strings are not supported: map to numbers outside of the model",
    "NON_MAX_SUPPRESSION_V4": "cut the model before its post-processing and write that in C",
    "NON_MAX_SUPPRESSION_V5": "cut the model before its post-processing and write that in C",
}


def refuse_custom(operator: OperatorRecord, where: str) -> None:
    """Raise UnsupportedError for a custom operator, with the reason when its name tells it."""
    if operator.op != "CUSTOM":
        return
    hint = next((text for prefix, text in _CUSTOM.items() if operator.custom.startswith(prefix)), "")
    raise UnsupportedError(
        f"the custom operator {operator.custom or 'without a name'} is not supported",
        where=where,
        hint=hint or "replace it by builtin operators and convert the model again",
    )


def refuse_builtin(operator: OperatorRecord, where: str) -> None:
    """Raise UnsupportedError for a builtin operator whose absence has a known way out."""
    if operator.op in _BUILTIN:
        raise UnsupportedError(
            f"operator {operator.op} is not supported", where=where, hint=_BUILTIN[operator.op]
        )
