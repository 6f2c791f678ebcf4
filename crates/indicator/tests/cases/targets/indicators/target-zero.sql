-- 値 / Values
WITH v(period, value) AS (VALUES ('2022', 8), ('2024', 4))
SELECT * FROM v
