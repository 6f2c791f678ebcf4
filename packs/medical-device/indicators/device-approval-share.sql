-- 種別ごとの平均割合（印刷値） / Average shares by kind as printed
WITH shares AS (
  SELECT id AS figure, period, dims ->> 'approval_kind' AS approval_kind, value
  FROM published_figure WHERE source = 'd003' AND series = 'device-approval-share'
)
-- もう一方の割合を100から引く / Take the other share from 100
SELECT a.period, a.approval_kind, 100.0 - b.value AS value
FROM shares a JOIN shares b ON b.period = a.period AND b.approval_kind <> a.approval_kind
ORDER BY a.approval_kind
