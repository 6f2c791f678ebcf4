-- 2024年の値 / Value of 2024
WITH base AS (
  SELECT id AS figure, value FROM published_figure WHERE series = 'lamps' AND period = '2024'
)
SELECT '2024' AS period, value FROM base
UNION ALL
SELECT '2030', project(base.value, assumption.value / 100.0, 6) FROM base, assumption WHERE assumption.id = 'growth'
