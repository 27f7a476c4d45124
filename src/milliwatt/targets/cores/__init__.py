# SPDX-License-Identifier: Apache-2.0
"""One file per core, found by its presence: each defines CORE, and a timing model if one was validated."""
