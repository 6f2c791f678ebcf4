-- 検証フェーズの割合（印刷値） / Shares of the verification phases as printed
WITH verification AS (
  SELECT id AS figure, period, dims ->> 'phase' AS phase, value
  FROM published_figure
  WHERE source = 'd003' AND series = 'joint-research-share' AND dims ->> 'phase' IN ('nonclinical', 'clinical')
)
SELECT period, sum(value) AS value FROM verification GROUP BY period HAVING count(*) = 2 ORDER BY period
