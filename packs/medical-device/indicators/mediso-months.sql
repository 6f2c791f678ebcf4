-- 集計期間の初日と末日 / First and last day of the period
WITH span AS (
  SELECT id AS figure, period, substr(period, 1, 10) AS first_day, substr(period, 12, 10) AS last_day
  FROM published_figure WHERE source = 'd001' AND series = 'mediso-months'
)
SELECT period,
       12 * (CAST(substr(last_day, 1, 4) AS INTEGER) - CAST(substr(first_day, 1, 4) AS INTEGER))
       + CAST(substr(last_day, 6, 2) AS INTEGER) - CAST(substr(first_day, 6, 2) AS INTEGER)
       - (substr(last_day, 9, 2) < substr(first_day, 9, 2)) AS value
FROM span
