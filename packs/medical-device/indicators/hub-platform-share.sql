-- 棒ごとの拠点数（印刷値） / Hubs per bar as printed
WITH bars AS (
  SELECT id AS figure, period, dims ->> 'platform_slot' AS platform_slot, value
  FROM published_figure WHERE source = 'd003' AND series = 'hub-platforms'
),
-- 年ごとの拠点の総数（印刷値） / All hubs of the year as printed
hubs AS (
  SELECT id AS figure, period, value AS hubs FROM published_figure WHERE source = 'd003' AND series = 'hubs'
)
SELECT b.period, b.platform_slot, 100.0 * b.value / h.hubs AS value, b.value AS numerator, h.hubs AS denominator, CAST(h.hubs AS INTEGER) AS n
FROM bars b JOIN hubs h USING (period) ORDER BY b.period, b.platform_slot
