-- 目標の始点と終点（公表値） / The two ends of the goal, as published
WITH goal AS (
  SELECT id AS figure, CAST(period AS INTEGER) AS year, value
  FROM published_figure WHERE source = 'd004' AND series = 'kgi-1-meti-goal'
),
-- 始点・終点・年数 / First, last and years between
span AS (
  SELECT a.year AS from_year, b.year AS to_year, a.value AS first, b.value AS last, b.year - a.year AS years
  FROM goal a JOIN goal b ON a.year < b.year
)
SELECT from_year || '/' || to_year AS period, 100.0 * cagr(first, last, years) AS value FROM span
