-- 棒ごとの拠点数（印刷値） / Hubs per bar as printed
WITH bars AS (
  SELECT id AS figure, period, dims ->> 'platform_slot' AS platform_slot, value
  FROM published_figure WHERE source = 'd003' AND series = 'hub-platforms'
),
-- 年ごとの拠点の総数（印刷値） / All hubs of the year as printed
hubs AS (
  SELECT id AS figure, period, value AS hubs FROM published_figure WHERE source = 'd003' AND series = 'hubs'
),
-- 3種の延べ数 / The three added up
built AS (
  SELECT period, sum(value) AS built FROM bars GROUP BY period HAVING count(*) = 3
)
SELECT b.period, b.built / h.hubs AS value, b.built AS numerator, h.hubs AS denominator, CAST(h.hubs AS INTEGER) AS n
FROM built b JOIN hubs h USING (period) ORDER BY b.period
