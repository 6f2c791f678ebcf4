-- 年度をつけた台帳 / The register with its fiscal years
WITH planted AS (
  SELECT _id, CAST(fiscal_year(planted_on) AS TEXT) AS period, district FROM tree
)
SELECT period, district, 100.0 * count(*) / sum(count(*)) OVER (PARTITION BY period) AS value,
       count(*) AS numerator, sum(count(*)) OVER (PARTITION BY period) AS denominator
FROM planted GROUP BY period, district
