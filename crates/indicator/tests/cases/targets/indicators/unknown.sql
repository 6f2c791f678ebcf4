-- 値 / Values
WITH v(period, value) AS (VALUES ('2024', NULL))
SELECT * FROM v
