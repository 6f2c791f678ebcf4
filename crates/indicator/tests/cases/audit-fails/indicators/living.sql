-- 年度ごと / By year
WITH t AS (SELECT CAST(fiscal_year(planted_on) AS TEXT) AS period, alive FROM tree)
SELECT period, 100.0 * sum(alive) / count(*) AS value, sum(alive) AS numerator, count(*) AS denominator FROM t GROUP BY period
