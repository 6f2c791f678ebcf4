-- 年度ごと / By year
WITH t AS (SELECT CAST(fiscal_year(planted_on) AS TEXT) AS period, cost FROM tree)
SELECT period, sum(cost) AS value FROM t GROUP BY period UNION ALL SELECT '2024/2025', sum(cost) FROM t
