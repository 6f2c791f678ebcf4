-- 区分と保険適用日が分かる、保険適用となった品目 / Listed products with a known category and date
WITH listings AS (
  SELECT _id, product, insurance_class, listed_on, fiscal_year(listed_on) AS fiscal_year
  FROM insurance_listing
  WHERE insurance_class IN ('B3', 'C1', 'C2') AND listed_on IS NOT NULL AND listed_on <= :as_of
    AND _state = 'listed'
),
-- 年度・区分ごとの件数 / Count by fiscal year and category
by_class AS (
  SELECT CAST(fiscal_year AS TEXT) AS period, insurance_class, count(*) AS value
  FROM listings GROUP BY fiscal_year, insurance_class
),
-- 年度ごとの合計 / Total by fiscal year
total AS (
  SELECT CAST(fiscal_year AS TEXT) AS period, NULL AS insurance_class, count(*) AS value
  FROM listings GROUP BY fiscal_year
)
SELECT period, insurance_class, value FROM by_class
UNION ALL
SELECT period, insurance_class, value FROM total
ORDER BY period, insurance_class
