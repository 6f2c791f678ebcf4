-- 国連調達市場の規模と日本の額 / Size of the market and Japan's amount
WITH amounts AS (
  SELECT id AS figure, period, dims ->> 'country' AS country, value
  FROM published_figure WHERE source = 'd001' AND series = 'un-health-procurement'
)
SELECT j.period, j.country, 100.0 * j.value / w.value AS value, j.value AS numerator, w.value AS denominator
FROM amounts j JOIN amounts w ON w.period = j.period AND w.country IS NULL
WHERE j.country = 'JP'
