# SPDX-License-Identifier: Apache-2.0
"""Random valid graphs, a TFLite writer and the differential test over all implementations."""
