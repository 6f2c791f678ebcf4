-- 値 / Values
WITH v(period, value) AS (VALUES ('2022', 50), ('2024', 40))
SELECT * FROM v
