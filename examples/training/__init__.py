# SPDX-License-Identifier: Apache-2.0
"""How the shipped example models are made: layers, training, post-training quantisation, files."""
