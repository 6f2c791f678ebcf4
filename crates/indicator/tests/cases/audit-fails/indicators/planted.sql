-- 台帳の本数 / Trees of the register
WITH t AS (SELECT _id, CAST(fiscal_year(planted_on) AS TEXT) AS period, district FROM tree)
SELECT period, NULL AS district, count(*) AS value FROM t GROUP BY period
UNION ALL SELECT period, district, count(*) FROM t GROUP BY period, district
