-- 回答のドル額（公表値） / Answers in dollars, as published
WITH answers AS (
  SELECT id AS figure, period, dims ->> 'capital' AS capital, value AS dollars
  FROM published_figure WHERE source = 'd004' AND series = 'kgi-2-answers-usd'
),
-- 為替レート / Exchange rate
rate AS (
  SELECT id AS assumption, value AS yen FROM assumption WHERE id = 'exchange-rate'
)
SELECT period, capital, round_to(dollars * yen, 0) AS value FROM answers, rate ORDER BY capital
