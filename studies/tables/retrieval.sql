-- Retrieval alone: one line per cell.
SELECT
    variant,
    any_value(point) AS point,
    list(test_retrieval_accuracy ORDER BY seed) AS test_retrieval_accuracy,
    list(test_gate_rate ORDER BY seed) AS test_gate_rate,
    list(test_metacognitive_gap ORDER BY seed) AS test_metacognitive_gap,
    any_value(num_parameters) AS num_parameters,
    list(state ORDER BY seed) AS state,
    list(seed ORDER BY seed) AS seed
FROM results
WHERE study = $study AND phase = 'grid'
GROUP BY variant, cell_id
ORDER BY min(member)
