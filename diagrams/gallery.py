"""All pictures: where each stands beside the cards, and what draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from diagrams import (
    clusters,
    descent,
    evaluation,
    fitting,
    inference,
    language,
    operation,
    shifts,
    validation,
)
from diagrams.sheet import Sheet

PICTURES: Final[Mapping[str, Callable[[], Sheet]]] = {
    "red-flags/smote-inside-folds.svg": validation.smote_inside_folds,
    "system-design/as-of-join.svg": operation.as_of_join,
    "system-design/degradation-shapes.svg": shifts.degradation_shapes,
    "system-design/shadow-canary-split.svg": operation.shadow_canary_split,
    "system-design/two-stage-funnel.svg": operation.two_stage_funnel,
    "system-design/two-stores.svg": operation.two_stores,
    "system-design/upload-funnel.svg": operation.upload_funnel,
    "theory/attention-lookup.svg": language.attention_lookup,
    "theory/complexity-u.svg": fitting.complexity_u,
    "theory/confusion-matrix.svg": evaluation.confusion_matrix,
    "theory/double-descent.svg": fitting.double_descent,
    "theory/expanding-and-rolling.svg": validation.expanding_and_rolling,
    "theory/l1-l2-regions.svg": fitting.l1_l2_regions,
    "theory/label-gap-timeline.svg": validation.label_gap_timeline,
    "theory/learning-curves.svg": fitting.learning_curves,
    "theory/long-valley.svg": descent.long_valley,
    "theory/mask-families.svg": language.mask_families,
    "theory/means-of-skewed.svg": inference.means_of_skewed,
    "theory/nested-folds.svg": validation.nested_folds,
    "theory/peeking-path.svg": inference.peeking_path,
    "theory/power-two-curves.svg": inference.power_two_curves,
    "theory/pr-two-prevalences.svg": evaluation.pr_two_prevalences,
    "theory/rag-pipeline.svg": language.rag_pipeline,
    "theory/reliability-curve.svg": evaluation.reliability_curve,
    "theory/roc-two-prevalences.svg": evaluation.roc_two_prevalences,
    "theory/saddle.svg": descent.saddle,
    "theory/scaling-law.svg": language.scaling_law,
    "theory/shift-kinds.svg": shifts.shift_kinds,
    "theory/smote-segment.svg": validation.smote_segment,
    "theory/two-rings.svg": clusters.two_rings,
}
"""Every picture by its file, seen from the library's folder."""
