-- 値 / Values
WITH v(period, value) AS (VALUES ('2024', 5))
SELECT * FROM v
