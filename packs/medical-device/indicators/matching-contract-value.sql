-- 結果が確定した商談会 / Events with confirmed results
WITH events AS (
  SELECT _id, fiscal_year(started_on) AS year, contract_value FROM matching_event
  WHERE _state = 'closed' AND contract_value IS NOT NULL
)
SELECT CAST(year AS TEXT) AS period, sum(contract_value) AS value, count(*) AS n
FROM events GROUP BY year
ORDER BY period
