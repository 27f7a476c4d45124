# SPDX-License-Identifier: Apache-2.0
"""milliwatt: trained models to the smallest, fastest, proven C for microcontrollers."""
