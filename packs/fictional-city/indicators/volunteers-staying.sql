-- 年度をつけた名簿 / The list with its fiscal years
WITH joined AS (
  SELECT _id, CAST(fiscal_year(joined_on) AS TEXT) AS period, district, left_on IS NULL AS stays FROM volunteer
),
-- 区ごとの人数 / Persons by district
by_district AS (
  SELECT period, district, sum(stays) AS numerator, count(*) AS denominator FROM joined GROUP BY period, district
  UNION ALL SELECT period, NULL, sum(stays), count(*) FROM joined GROUP BY period
)
SELECT period, district, 100.0 * numerator / denominator AS value, numerator, denominator, denominator AS n FROM by_district
