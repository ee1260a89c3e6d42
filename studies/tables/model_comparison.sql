-- One line per variant, and per cell where a grid gives a variant several: cells are never pooled.
-- Lists hold replicates: they are shown as mean, 95 % interval and n; `state` makes the footnotes,
-- `seed` names single values.
-- Candidates of a search have tables of their own.
SELECT
    variant,
    any_value(point) AS point,
    list(test_accuracy ORDER BY seed) AS test_accuracy,
    list(test_retrieval_accuracy ORDER BY seed) AS test_retrieval_accuracy,
    list(test_gate_rate ORDER BY seed) AS test_gate_rate,
    any_value(num_parameters) AS num_parameters,
    list(
        CASE WHEN attention_madds_dense > 0 THEN attention_madds_executed / attention_madds_dense END
        ORDER BY seed
    ) AS executed_attention_share,
    list(state ORDER BY seed) AS state,
    list(seed ORDER BY seed) AS seed
FROM results
WHERE study = $study AND phase = 'grid'
GROUP BY variant, cell_id
ORDER BY min(member)
