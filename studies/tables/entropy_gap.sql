-- Entropy at positions whose target needs retrieval, and at the others, on two splits; one line per cell.
SELECT
    variant,
    any_value(point) AS point,
    list(test_entropy_at_retrieval_nats ORDER BY seed) AS test_entropy_at_retrieval_nats,
    list(test_entropy_at_local_nats ORDER BY seed) AS test_entropy_at_local_nats,
    list(test_entropy_gap_nats ORDER BY seed) AS test_entropy_gap_nats,
    list(test_entropy_retrieval_auroc ORDER BY seed) AS test_entropy_retrieval_auroc,
    list(test_entropy_error_auroc ORDER BY seed) AS test_entropy_error_auroc,
    list(validation_entropy_gap_nats ORDER BY seed) AS validation_entropy_gap_nats,
    list(validation_entropy_gap_normalised ORDER BY seed) AS validation_entropy_gap_normalised,
    list(validation_entropy_retrieval_auroc ORDER BY seed) AS validation_entropy_retrieval_auroc,
    list(state ORDER BY seed) AS state,
    list(seed ORDER BY seed) AS seed
FROM results
WHERE study = $study AND phase = 'grid'
GROUP BY variant, cell_id
ORDER BY min(member)
