# SPDX-License-Identifier: Apache-2.0
"""The translations of ATen's operators, one file per family.

A file has a ``TABLE`` from an operator's name with its overload to a function ``Site -> Result``. An operator
without a translation is decomposed by PyTorch, as far as it can, into operators that have one.
"""
