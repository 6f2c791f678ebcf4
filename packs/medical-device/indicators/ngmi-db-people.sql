-- 事業者ごとの収集人数 / People by producer
WITH people AS (
  SELECT id AS figure, value FROM published_figure
  WHERE source = 'd001' AND series = 'ngmi-people'
)
SELECT '2022-12' AS period, sum(value) AS value FROM people
