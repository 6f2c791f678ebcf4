-- 年度をつけた名簿 / The list with its fiscal years
WITH joined AS (
  SELECT _id, CAST(fiscal_year(joined_on) AS TEXT) AS period, district, age_group FROM volunteer
),
-- 区と年代ごとの人数 / Persons by district and age
cells AS (
  SELECT period, district, age_group, count(*) AS value FROM joined GROUP BY period, district, age_group
),
-- 合計 / Totals
totals AS (
  SELECT period, district, NULL AS age_group, sum(value) AS value FROM cells GROUP BY period, district
  UNION ALL SELECT period, NULL, age_group, sum(value) FROM cells GROUP BY period, age_group
  UNION ALL SELECT period, NULL, NULL, sum(value) FROM cells GROUP BY period
)
SELECT * FROM cells UNION ALL SELECT * FROM totals
