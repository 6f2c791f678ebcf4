-- 事業者ごとの届出機関 / Notified institutions by producer
WITH institutions AS (
  SELECT id AS figure, value FROM published_figure
  WHERE source = 'd001' AND series = 'ngmi-notified-institutions'
)
SELECT '2022-12' AS period, sum(value) AS value FROM institutions
