-- 結果が確定した商談会 / Events with confirmed results
WITH events AS (
  SELECT _id, fiscal_year(started_on) AS year, meetings, contracts FROM matching_event
  WHERE _state = 'closed' AND meetings IS NOT NULL AND contracts IS NOT NULL
),
-- 年度別の合計 / Totals by fiscal year
totals AS (
  SELECT year, sum(contracts) AS contracts, sum(meetings) AS meetings FROM events GROUP BY year
)
SELECT CAST(year AS TEXT) AS period, 100.0 * contracts / meetings AS value,
       contracts AS numerator, meetings AS denominator, meetings AS n
FROM totals WHERE meetings > 0
ORDER BY period
