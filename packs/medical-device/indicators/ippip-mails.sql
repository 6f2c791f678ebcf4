-- 内訳 / Parts
WITH parts AS (
  SELECT id AS figure, period, value
  FROM published_figure WHERE source = 'd001' AND series = 'ippip-mails' AND dims ->> 'ippip_mail' IS NOT NULL
)
SELECT period, NULL AS ippip_mail, sum(value) AS value FROM parts GROUP BY period
