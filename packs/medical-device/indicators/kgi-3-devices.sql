-- 公表された件数 / Counts as published
WITH printed AS (
  SELECT id AS figure, period, value
  FROM published_figure WHERE source = 'd004' AND series = 'kgi-3-devices' AND value IS NOT NULL
),
-- 台帳でC区分の保険適用を受け、日本を起源とするかを確認した品目 / Register: listed in category C, origin confirmed
listings AS (
  SELECT _id, product, CAST(fiscal_year(listed_on) AS TEXT) AS period,
         CASE WHEN origin_japan = 1 AND approval_class IN ('new', 'improved_clinical') THEN 1 ELSE 0 END AS counts
  FROM insurance_listing
  WHERE insurance_class IN ('C1', 'C2') AND origin_japan IS NOT NULL AND listed_on <= :as_of AND _state = 'listed'
),
-- 公表値のない年度の件数 / Counts of years without a published value
counted AS (
  SELECT period, sum(counts) AS value FROM listings
  WHERE period NOT IN (SELECT period FROM printed) GROUP BY period
)
SELECT period, value FROM printed
UNION ALL
SELECT period, value FROM counted
ORDER BY period
