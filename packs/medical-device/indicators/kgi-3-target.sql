-- 2025年度の件数（公表値） / Count of FY2025, as published
WITH base AS (
  SELECT id AS figure, value FROM published_figure WHERE source = 'd004' AND series = 'kgi-3-devices' AND period = '2025'
),
-- 倍率 / Multiple
multiple AS (
  SELECT id AS assumption, value AS times FROM assumption WHERE id = 'devices-multiple'
)
SELECT '2040' AS period, value * times AS value FROM base, multiple
