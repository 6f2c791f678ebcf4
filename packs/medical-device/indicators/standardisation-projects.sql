-- 各年度に追加した課題数 / Projects added each fiscal year
WITH added AS (
  SELECT id AS figure, period AS fiscal_year, dims ->> 'standard_field' AS standard_field, value
  FROM published_figure
  WHERE series = 'standardisation-added' AND value IS NOT NULL
),
-- 分野ごとの合計 / Sum by field
total AS (
  SELECT '2022' AS period, standard_field, sum(value) AS value FROM added GROUP BY standard_field
)
SELECT * FROM total ORDER BY standard_field
