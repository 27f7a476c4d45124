# SPDX-License-Identifier: Apache-2.0
"""One file for each family of estimators; see `milliwatt.importers.sklearn.known`."""
