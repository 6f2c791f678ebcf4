-- 全体のステージアップ割合（文書003の表） / Overall shares, table of document 003
WITH shares AS (
  SELECT id AS figure, period, value FROM published_figure
  WHERE source = 'd003' AND series = 'stage-up-rate' AND dims ->> 'stage' IS NULL AND id NOT LIKE '%~%'
)
SELECT '-' AS period, avg(value) AS value, count(*) AS n FROM shares HAVING count(*) = 2
