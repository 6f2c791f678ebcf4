-- 売上500億円以上の内資系26社の総売上（公表値） / Sales of the 26 Japanese-capital companies with 50 billion yen or more, as published
WITH large_companies AS (
  SELECT id AS figure, period, value AS sales
  FROM published_figure WHERE source = 'd004' AND series = 'kgi-1-large-company-sales'
),
-- 売上集中度（2023年度の値を当てる） / Their share of all companies' sales (the FY2023 value is applied)
concentration AS (
  SELECT id AS assumption, value / 100.0 AS share FROM assumption WHERE id = 'sales-concentration'
),
-- 集中度で割り戻した内資系全体の売上 / Sales of the whole sector: divided by the concentration
sector AS (
  SELECT period, sales / share AS sales, sales AS large_sales, share FROM large_companies, concentration
)
SELECT period, round_to(sales, 0) AS value, large_sales AS numerator, share AS denominator FROM sector
