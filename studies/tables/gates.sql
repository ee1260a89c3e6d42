-- Where gates fire, against where the target needs retrieval; one line per cell.
SELECT
    variant,
    any_value(point) AS point,
    list(test_retrieval_accuracy ORDER BY seed) AS test_retrieval_accuracy,
    list(test_gate_rate ORDER BY seed) AS test_gate_rate,
    list(test_gate_precision ORDER BY seed) AS test_gate_precision,
    list(test_gate_recall ORDER BY seed) AS test_gate_recall,
    list(test_gate_f1 ORDER BY seed) AS test_gate_f1,
    list(test_entropy_retrieval_auroc ORDER BY seed) AS test_entropy_retrieval_auroc,
    list(state ORDER BY seed) AS state,
    list(seed ORDER BY seed) AS seed
FROM results
WHERE study = $study AND phase = 'grid'
GROUP BY variant, cell_id
ORDER BY min(member)
