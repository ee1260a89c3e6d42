"""Names that the views give to columns of their own: neither a metric nor a field of a configuration may take them."""

__all__ = ["NAMES_OF_CANDIDATES", "NAMES_OF_RESULTS"]

NAMES_OF_RESULTS = frozenset(
    {"study", "variant", "point", "cell_id", "state", "filename", "file_row_number", "member", "phase"}
)

NAMES_OF_CANDIDATES = frozenset(
    """
    study variant search_id round_index candidate cell_id point state num_replicates rank on_front is_feasible
    objective_values violations confirmed_n confirmed_asked reason asked_at told_at
    parameters
    config seeds trial_ids objective_names objective_directions num_duplicates num_invalid
    """.split()  # noqa: SIM905 - a list would have twenty lines
)
"""Of the views `candidates` and `raw.candidates`."""
