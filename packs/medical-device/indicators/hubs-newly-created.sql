-- 全拠点数と継続拠点数 / All hubs and continued hubs
WITH hubs AS (
  SELECT id AS figure, period, dims ->> 'hub_origin' AS hub_origin, value
  FROM published_figure WHERE source = 'd001' AND series = 'device-hubs' AND id NOT LIKE '%~%'
)
SELECT period, sum(CASE WHEN hub_origin IS NULL THEN value ELSE -value END) AS value FROM hubs GROUP BY period
