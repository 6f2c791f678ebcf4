-- C1又はC2で保険適用となった品目 / Products listed in category C1 or C2
WITH listings AS (
  SELECT _id, product, insurance_class, fiscal_year(listed_on) AS fiscal_year
  FROM insurance_listing
  WHERE insurance_class IN ('C1', 'C2') AND listed_on IS NOT NULL AND listed_on <= :as_of
    AND _state = 'listed'
),
-- 年度ごとの件数 / Count by fiscal year
yearly AS (
  SELECT CAST(fiscal_year AS TEXT) AS period, count(*) AS value, count(*) AS n
  FROM listings GROUP BY fiscal_year
)
SELECT * FROM yearly ORDER BY period
