# SPDX-License-Identifier: Apache-2.0
"""Pipeline: transformers one behind the other, then an estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from milliwatt.importers.sklearn.known import translation_of
from milliwatt.importers.sklearn.site import Site


def pipeline(site: Site) -> Mapping[str, str]:
    """The steps in order; the last one's results."""
    results: Mapping[str, str] = {"transformed": site.data}
    data = site.data
    for name, step in site.estimator.steps:
        if step is None or step == "passthrough":
            continue
        if "transformed" not in results:
            raise site.refuse(
                f'something follows the step that comes before "{name}", which is no transformer'
            )
        where = f"{name}: {type(step).__name__}"
        site.build.source = where
        results = translation_of(step, where)(replace(site, estimator=step, data=data))
        data = results.get("transformed", data)
    return results


TRANSLATIONS = {"Pipeline": pipeline}
