-- 分野別の追加案件 / Additions by field
WITH added AS (
  SELECT id AS figure, period, dims ->> 'standard_field' AS standard_field, value
  FROM published_figure
  WHERE series = 'standardisation-added' AND value IS NOT NULL
),
-- 年度ごとの合計 / Total by fiscal year
total AS (
  SELECT period, sum(value) AS value FROM added GROUP BY period
)
SELECT * FROM total ORDER BY period
