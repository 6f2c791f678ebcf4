-- 年度ごとの確認終了件数（印刷値） / Confirmations by year as printed
WITH years AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd003' AND series = 'idaten-confirmations'
)
SELECT '2021/2023' AS period, sum(value) AS value, count(*) AS n FROM years HAVING count(*) = 3
