-- 値 / Values
WITH v(period, value) AS (VALUES ('2022', 30), ('2024', 20))
SELECT * FROM v
