-- 値 / Values
WITH v(period, value, n) AS (VALUES ('2023', 50, 40), ('2024', 100, 3))
SELECT * FROM v
