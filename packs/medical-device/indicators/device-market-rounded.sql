-- 2023年の市場規模（公表値） / Market in 2023, as published
WITH market AS (
  SELECT id AS figure, value FROM published_figure WHERE source = 'd004' AND series = 'device-market-size' AND period = '2023'
)
SELECT '-' AS period, round_to(value, -11) AS value FROM market
