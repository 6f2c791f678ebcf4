-- フェーズ別の割合（印刷値） / Shares by phase as printed
WITH shares AS (
  SELECT id AS figure, period, dims ->> 'phase' AS phase, value AS share
  FROM published_figure WHERE source = 'd003' AND series = 'joint-research-share'
),
-- 共同研究の総数（印刷値） / All joint research as printed
totals AS (
  SELECT id AS figure, period, value AS total
  FROM published_figure WHERE source = 'd003' AND series = 'joint-research'
),
-- 割合×総数を整数に丸めた件数 / Share × total, rounded to whole cases
implied AS (
  SELECT s.figure, s.period, s.phase, round(s.share * t.total / 100.0) AS cases, t.total
  FROM shares s JOIN totals t USING (period)
)
SELECT period, phase, cases AS value, cases AS numerator, total AS denominator, CAST(total AS INTEGER) AS n FROM implied ORDER BY phase, period
