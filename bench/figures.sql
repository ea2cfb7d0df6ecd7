-- Sums of day-indexed changes for every measure that the benchmark verifies: name, day, change.
-- Measures by number: 1 firsts, 2 ends, 3 back, 5 at least (gap = k), 7 orders, 9 revenue.
SELECT name, day, sum(value) AS change
FROM (
    SELECT 'held' || w AS name, day, CASE measure WHEN 2 THEN -value ELSE value END AS value
    FROM metrics.counter, unnest(ARRAY[30, 90, 180, 365]) AS w
    WHERE shop = $1 AND basis = 0 AND (measure = 1 OR (measure IN (2, 3) AND param = w))
    UNION ALL
    SELECT 'repeat' || param, day, value
    FROM metrics.counter WHERE shop = $1 AND basis = 0 AND measure = 5 AND gap = 2 AND param > 0
    UNION ALL
    SELECT CASE measure WHEN 7 THEN 'orders' ELSE 'revenue' END, day, value
    FROM metrics.counter WHERE shop = $1 AND basis = 0 AND measure IN (7, 9)
) AS changes
GROUP BY name, day
HAVING sum(value) <> 0
ORDER BY name, day
