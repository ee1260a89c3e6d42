-- When is retrieval learned (validation retrieval accuracy above 90 %), and by how many seeds? One line per variant, and per cell where a grid gives it several.
-- A list of {event, trained} holds learning times: the event is NULL where a seed never learned, and then it is censored
-- at the last epoch that it was trained. Shown as median epochs, how many learned, and p against the first line.
SELECT
    variant,
    any_value(point) AS point,
    list(
        CASE WHEN state = 'completed' THEN {'event': epochs_to_retrieval, 'trained': epochs_trained} END ORDER BY seed
    ) AS epochs_to_retrieval,
    list(state ORDER BY seed) AS state,
    list(seed ORDER BY seed) AS seed
FROM results
WHERE study = $study AND phase = 'grid'
GROUP BY variant, cell_id
ORDER BY min(member)
