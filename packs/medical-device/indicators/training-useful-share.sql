-- 「大いに役立つ」「役立つ」の割合（印刷値） / Shares of “very useful” and “useful” as printed
WITH answers AS (
  SELECT id AS figure, period, dims ->> 'training_type' AS training_type, dims ->> 'usefulness' AS usefulness, value
  FROM published_figure
  WHERE source = 'd003' AND series = 'training-usefulness' AND dims ->> 'usefulness' IN ('very_useful', 'useful')
),
-- 研修の種類・年ごとに足す（両方ある場合だけ） / Add per training type and year, only where both are printed
favourable AS (
  SELECT period, training_type, sum(value) AS value
  FROM answers GROUP BY period, training_type HAVING count(*) = 2
)
SELECT period, training_type, value FROM favourable ORDER BY training_type, period
